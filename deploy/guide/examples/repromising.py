"""Promises decided anew: who wins, who loses."""

from collections.abc import Awaitable, Callable

from deploy.guide.house import House, agreed
from deploy.guide.saying import Said, exchange, short_date, table

CHANGES = ("strategy", "customer", "quantity", "old_promised_date", "new_promised_date", "days", "reason.code")


async def repromise(house: House) -> Said:
    """Ten gates come on Monday, ten on Sunday; who asked first has the first ten, until gold must win."""
    await house.item("GATE")
    await house.receipt("PO-G1", "GATE", 10, 3)
    await house.receipt("PO-G2", "GATE", 10, 9)
    await house.stock("GATE", 0)
    await house.settled()
    await house.master("quote", "classes/gold", {"name": "Gold", "rank": 10})
    line = {"sku": "GATE", "quantity": 10, "requested_date": house.day(3)}
    first = await house.post("orders", {"customer": "BOLD", "lines": [line]})
    second = await house.post("orders", {"customer": "ACME", "demand_class": "gold", "lines": [line]})
    agreed([one["lines"][0]["promised_date"] for one in (first, second)], [house.day(3), house.day(9)])
    body = {"scope": {"skus": ["GATE"]}, "strategies": {"classes": {"gold": "win"}, "default": "lose"}}
    simulated = await house.post("repromise", body)
    agreed([one["new_promised_date"] for one in (*simulated["winners"], *simulated["losers"])], [house.day(3), house.day(9)])
    applied = await house.post(f"repromise/{simulated['id']}/apply", {"reason": "agreed with sales"})
    orders = [await house.get(f"orders/{one['order_id']}") for one in (second, first)]
    names = ("requested_date", "first_promised_date", "promised_date")
    rows = [
        (order["customer"], *(short_date(order["lines"][0][name]) for name in names), str(order["lines"][0]["times_moved"]))
        for order in orders
    ]
    kept = tuple(f"{side}.{name}" for side in ("winners", "losers") for name in CHANGES)
    said = [
        exchange("POST /v1/repromise", body, simulated, "status", "summary", *kept),
        exchange("POST /v1/repromise/rep_…/apply", {"reason": "agreed with sales"}, applied, "status", "summary"),
        table(("order of", "wanted", "first promised", "promised", "times moved"), rows),
    ]
    return Said("\n\n".join(said))


EXAMPLES: dict[str, Callable[[House], Awaitable[Said]]] = {"repromise": repromise}

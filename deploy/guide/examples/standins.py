"""What stands in, and what a supplier can deliver in a period."""

from collections.abc import Awaitable, Callable

from deploy.guide.examples.supply import PLANNED
from deploy.guide.house import House, agreed
from deploy.guide.saying import Said, exchange


async def substitute(house: House) -> Said:
    """5 red mugs, of which 2 are there and more come in a week: blue ones may stand in for the rest."""
    await house.item("BLUE-MUG")
    await house.item("RED-MUG", substitutes=["BLUE-MUG"])
    await house.receipt("PO-MUG", "RED-MUG", 50, 7)
    await house.stock("RED-MUG", 2)
    await house.stock("BLUE-MUG", 10)
    await house.settled()
    line = {"sku": "RED-MUG", "quantity": 5, "sites": ["HAM"], "allow_substitutes": True}
    answer = await house.post("quotes", {"lines": [line]})
    agreed([(one["quantity"], one["sku"]) for one in answer["lines"][0]["deliveries"]], [(2, None), (3, "BLUE-MUG")])
    kept = ("summary", "lines.deliveries.quantity", "lines.deliveries.sku", "lines.deliveries.delivery_date")
    others = ("lines.alternatives.kind", "lines.alternatives.deliveries.delivery_date", "lines.alternatives.lost_because")
    return Said(exchange("POST /v1/quotes", {"lines": [line]}, answer, *kept, *others))


async def supplier_period(house: House) -> Said:
    """80 tiles from a supplier who delivers 50 a week: the rest comes in the week after."""
    await house.item("TILE")
    await house.terms("TILE-TERMS", "TILE", "KILN", lead_time_days=3, capacity_quantity=50, capacity_period_days=7)
    await house.stock("TILE", 0)
    await house.settled()
    line = {"sku": "TILE", "quantity": 80, "sites": ["HAM"]}
    answer = await house.post("quotes", {"lines": [line]})
    agreed([one["quantity"] for one in answer["planned_supply"]], [50, 30])
    return Said(exchange("POST /v1/quotes", {"lines": [line]}, answer, "summary", *PLANNED))


EXAMPLES: dict[str, Callable[[House], Awaitable[Said]]] = {"substitute": substitute, "supplier-period": supplier_period}

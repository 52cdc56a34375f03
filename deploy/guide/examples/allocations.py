"""What a class may take at most, and what is kept for one."""

from collections.abc import Awaitable, Callable

from deploy.guide.house import House, agreed
from deploy.guide.saying import Said, exchange, short_date, table

REASON = ("outcome", "summary", "lines.reasons.step", "lines.reasons.code", "lines.reasons.summary", "lines.reasons.adds_days")


async def ceiling(house: House) -> Said:
    """The web may take ten kettles a week; eight are taken, so five more have to wait for Monday, though a hundred lie there."""
    await house.item("KETTLE")
    await house.stock("KETTLE", 100)
    await house.settled()
    await house.master("quote", "classes/web", {"name": "Web shop"})
    body = {"kind": "ceiling", "demand_class": "web", "sku": "KETTLE", "quantity": 10, "period": "week"}
    await house.master("quote", "allocations/KETTLE-WEB", body)
    await house.post("orders", {"demand_class": "web", "lines": [{"sku": "KETTLE", "quantity": 8}]})
    ask = {"demand_class": "web", "lines": [{"sku": "KETTLE", "quantity": 5}]}
    answer = await house.post("quotes", ask)
    agreed(answer["lines"][0]["promised_date"], house.day(3))
    told = exchange("PUT /v1/allocations/KETTLE-WEB", body, None).partition("\n\n")[0]
    return Said(f"{told}\n\n{exchange('POST /v1/quotes', ask, answer, *REASON)}")


async def floor(house: House) -> Said:
    """Twenty toasters, fifteen of them kept for gold until Thursday: others get five, gold gets all."""
    await house.item("TOASTER")
    await house.stock("TOASTER", 20)
    await house.settled()
    await house.master("quote", "classes/gold", {"name": "Gold", "rank": 10})
    body = {"kind": "floor", "demand_class": "gold", "sku": "TOASTER", "quantity": 15, "release_date": house.day(6)}
    await house.master("quote", "allocations/TOASTER-GOLD", body)
    rows = []
    for who, quantity in ((None, 5), (None, 6), ("gold", 20)):
        answer = await house.post("quotes", {"demand_class": who, "lines": [{"sku": "TOASTER", "quantity": quantity}]})
        day = answer["lines"][0]["promised_date"]
        rows.append((who or "anybody else", str(quantity), short_date(day) if day else "none", answer["summary"]))
    agreed([when for _, _, when, _ in rows][::2], [short_date(house.day(0))] * 2)
    told = exchange("PUT /v1/allocations/TOASTER-GOLD", body, None).partition("\n\n")[0]
    return Said(f"{told}\n\n{table(('who', 'asks for', 'gets them', 'in a sentence'), rows)}")


EXAMPLES: dict[str, Callable[[House], Awaitable[Said]]] = {"ceiling": ceiling, "floor": floor}

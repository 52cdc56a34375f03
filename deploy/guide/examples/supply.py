"""Where more comes from when stock and receipts do not do: moved, made on machines with few minutes, bought; and in several parts."""

from collections.abc import Awaitable, Callable
from typing import Any

from deploy.guide.house import House, agreed
from deploy.guide.pictures import of_load, shown
from deploy.guide.saying import Said, by_day, exchange, short_date, table

EVERY_DAY = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = dict.fromkeys(EVERY_DAY[:5], 480)
PLANNED = tuple(
    f"planned_supply.{name}"
    for name in ("kind", "sku", "site", "quantity", "start_date", "due_date", "latest_start_date", "from_site", "supplier", "load")
)
PEGS = ("lines.pegging.quantity", "lines.pegging.source", "lines.pegging.ref", "lines.pegging.due_date")


async def moved(house: House) -> Said:
    """5 pumps in Hamburg, of which 3 are there: the least that is moved from Berlin is 10."""
    await house.item("PUMP")
    await house.site("BER")
    await house.lane("BER-HAM", "BER", "HAM", transit_days=2, minimum_quantity=10)
    await house.stock("PUMP", 3)
    await house.stock("PUMP", 20, "BER")
    await house.settled()
    line = {"sku": "PUMP", "quantity": 5, "sites": ["HAM"], "requested_date": house.day(4)}
    answer = await house.post("quotes", {"lines": [line]})
    agreed(answer["outcome"], "full")
    return Said(exchange("POST /v1/quotes", {"lines": [line]}, answer, "summary", *PEGS, *PLANNED))


async def bought(house: House) -> Said:
    """120 hinges: at least 100, in fifties, a week after they are ordered."""
    await house.item("HINGE")
    await house.terms("HINGE-TERMS", "HINGE", "IRON-WORKS", lead_time_days=7, minimum_quantity=100, multiple=50)
    await house.stock("HINGE", 0)
    await house.settled()
    line = {"sku": "HINGE", "quantity": 120, "sites": ["HAM"]}
    answer = await house.post("quotes", {"lines": [line]})
    agreed((answer["lines"][0]["promised_date"], answer["planned_supply"][0]["quantity"]), (house.day(7), 150))
    return Said(exchange("POST /v1/quotes", {"lines": [line]}, answer, "summary", *PLANNED))


async def made(house: House) -> Said:
    """20 desks: the tops come on Monday, 800 minutes of sawing take that day and part of the next, so they are there on Wednesday."""
    for sku, on_hand in (("LEG", 100), ("TOP", 0)):
        await house.item(sku)
        await house.stock(sku, on_hand)
    await house.item("DESK")
    await house.stock("DESK", 0)
    await house.receipt("PO-TOP", "TOP", 50, 3)
    await house.master("capacity", "calendars/WEEKDAYS", {"weekly": WEEKDAYS})
    await house.master("capacity", "resources/SAW", {"site": "HAM", "calendar": "WEEKDAYS"})
    parts = [{"component": "LEG", "quantity_per": 4}, {"component": "TOP", "quantity_per": 1}]
    await house.master("capacity", "boms/DESK", {"components": parts})
    step = {"sequence": 10, "name": "saw", "minutes_per_unit": 40, "resources": [{"resource": "SAW"}]}
    await house.master("capacity", "routings/DESK", {"operations": [step]})
    await house.settled()
    body = {"customer": "ACME", "lines": [{"sku": "DESK", "quantity": 20, "sites": ["HAM"]}]}
    answer = await house.post("orders", body)
    agreed(answer["lines"][0]["promised_date"], house.day(5))
    load = await house.get("load", resource="SAW", from_date=house.day(0), to_date=house.day(6))
    agreed([day["claimed_minutes"] for day in load["days"]], [0, 0, 0, 480, 320, 0, 0])
    reasons = ("lines.reasons.step", "lines.reasons.code", "lines.reasons.summary", "lines.reasons.adds_days")
    said = [
        exchange("POST /v1/orders", body, answer, "summary", *reasons, *PLANNED),
        shown("load", "The saw: full on Monday, 320 of 480 minutes on Tuesday"),
    ]
    return Said("\n\n".join(said), {"load": of_load(load, "SAW: minutes that it can work, and what the desks take")})


async def mixed(house: House) -> Said:
    """10 valves: two a day can be made, six lie in Berlin two days away; both together are there first."""
    await house.item("VALVE")
    await house.stock("VALVE", 0)
    await house.stock("VALVE", 6, "BER")
    await house.master("capacity", "calendars/TWO-HOURS", {"weekly": dict.fromkeys(EVERY_DAY, 120)})
    await house.master("capacity", "resources/LATHE", {"site": "HAM", "calendar": "TWO-HOURS"})
    await house.item("BRASS")
    await house.stock("BRASS", 100)
    await house.master("capacity", "boms/VALVE", {"boms": [{"site": "HAM", "components": [{"component": "BRASS", "quantity_per": 1}]}]})
    step = {"sequence": 10, "name": "turn", "minutes_per_unit": 60, "resources": [{"resource": "LATHE"}]}
    await house.master("capacity", "routings/VALVE", {"routings": [{"site": "HAM", "operations": [step]}]})
    await house.lane("BER-HAM-VALVE", "BER", "HAM", sku="VALVE", transit_days=2)
    await house.settled()
    line = {"sku": "VALVE", "quantity": 10, "sites": ["HAM"]}
    answer = await house.post("quotes", {"lines": [line]})
    agreed((answer["lines"][0]["promised_date"], [one["quantity"] for one in answer["planned_supply"]]), (house.day(2), [6, 4]))
    others = ("lines.alternatives.kind", "lines.alternatives.deliveries.delivery_date", "lines.alternatives.lost_because")
    return Said(exchange("POST /v1/quotes", {"lines": [line]}, answer, "summary", *others, *PLANNED))


async def cheapest(house: House) -> Said:
    """A sofa now from Berlin for 9, or in four days from Hamburg for 1: four days late cost 4, so Hamburg is cheaper."""
    await house.item("SOFA")
    await house.lane("HAM-NI", "HAM", "DE-NI", cost=1)
    await house.lane("BER-NI", "BER", "DE-NI", cost=9)
    await house.stock("SOFA", 0)
    await house.stock("SOFA", 5, "BER")
    await house.receipt("PO-SOFA", "SOFA", 5, 4)
    await house.settled()
    rows = []
    line = {"sku": "SOFA", "quantity": 1, "sites": ["HAM", "BER"], "ship_to": "DE-NI"}
    for policy in ("earliest", "cheapest", "preferred_site"):
        answer = await house.post("quotes", {"policy": policy, "lines": [line]})
        delivery = answer["lines"][0]["deliveries"][0]
        rows.append((f"`{policy}`", delivery["site"], short_date(delivery["delivery_date"])))
    agreed([site for _, site, _ in rows], ["BER", "HAM", "HAM"])
    asked = exchange("POST /v1/quotes", {"policy": "cheapest", "lines": [line]}, None).partition("\n\n")[0]
    return Said(f"{asked}\n\n{table(('policy', 'from', 'delivered'), rows)}")


async def fenced(house: House) -> Said:
    """Without a fence tape is bought for tomorrow; with one of five days the receipt of the third day is waited for."""
    answers = []
    for sku, more in (("TAPE", {}), ("TAPE-F", {"atp_fence_days": 5})):
        await house.item(sku, **more)
        await house.terms(f"{sku}-TERMS", sku, "IRON-WORKS", lead_time_days=1)
        await house.receipt(f"PO-{sku}", sku, 10, 3)
        await house.stock(sku, 0)
        await house.settled()
        answers.append(await house.post("quotes", {"lines": [{"sku": sku, "quantity": 10, "sites": ["HAM"]}]}))
    agreed([answer["lines"][0]["promised_date"] for answer in answers], [house.day(1), house.day(3)])
    said = [
        exchange("POST /v1/quotes", {"lines": [{"sku": sku, "quantity": 10, "sites": ["HAM"]}]}, answer, "summary")
        for sku, answer in zip(("TAPE", "TAPE-F"), answers, strict=True)
    ]
    return Said(f'{said[0]}\n\nand with `"atp_fence_days": 5` on the item:\n\n{said[1]}')


async def split(house: House) -> Said:
    """8 vases, at least 4 a shipment: 7 could leave on the fifth day, but then the eighth would never; 4 and 4 is best."""
    await house.item("VASE")
    await house.receipt("PO-V1", "VASE", 7, 5)
    await house.receipt("PO-V2", "VASE", 2, 6)
    await house.stock("VASE", 0)
    await house.settled()
    body: dict[str, Any] = {"allow_partial": True, "lines": [{"sku": "VASE", "quantity": 8, "min_ship_quantity": 4}]}
    answer = await house.post("quotes", body)
    parts = [(one["quantity"], one["delivery_date"]) for one in answer["lines"][0]["deliveries"]]
    agreed(parts, [(4, house.day(5)), (4, house.day(6))])
    book = await house.book("VASE", 4, 6)
    kept = ("outcome", "summary", "lines.deliveries.quantity", "lines.deliveries.delivery_date")
    return Said(f"{by_day(book, 'VASE')}\n\n{exchange('POST /v1/quotes', body, answer, *kept)}")


EXAMPLES: dict[str, Callable[[House], Awaitable[Said]]] = {
    "moved": moved,
    "made": made,
    "bought": bought,
    "mixed": mixed,
    "cheapest": cheapest,
    "fenced": fenced,
    "split": split,
}

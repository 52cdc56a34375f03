"""From the day of picking to the customer, and back: calendars, cut-off times, lanes, and the night on which the clocks change."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from deploy.guide.house import House, agreed
from deploy.guide.pictures import of_way, shown
from deploy.guide.saying import Said, exchange, short_date, table

FIVE_DAYS = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), True)
DAYS = ("summary", "lines.slip_days", "lines.deliveries.ship_date", "lines.deliveries.delivery_date", "lines.deliveries.lane")
SATURDAY = 5


async def way(house: House) -> Said:
    """Ordered on Friday at half past two, half an hour after the cut-off; and wanted by the Monday after next."""
    await _works(house)
    body = {"customer": "ACME", "lines": [{"sku": "CHAIR", "quantity": 4, "sites": ["NUE"], "ship_to": "DE-BY"}]}
    answer = await house.post("orders", body)
    delivery = answer["lines"][0]["deliveries"][0]
    agreed((delivery["ship_date"], delivery["delivery_date"]), (house.day(4), house.day(6)))
    pick = await _pick(house, answer["order_id"])
    agreed(pick, house.day(3))
    reasons = ("lines.reasons.step", "lines.reasons.summary", "lines.reasons.adds_days")
    marks = [(0, date.fromisoformat(pick), "pick"), (0, date.fromisoformat(delivery["ship_date"]), "ship")]
    marks += [(1, date.fromisoformat(delivery["ship_date"]), "collected"), (2, date.fromisoformat(delivery["delivery_date"]), "delivered")]
    closed = frozenset(day for offset in range(8) if (day := house.today + timedelta(days=offset)).weekday() >= SATURDAY)
    rows = [("site NUE", closed | {house.today}), ("carrier", closed), ("customer", closed)]
    picture = of_way("Ordered on Friday after the cut-off", house.today, 8, rows, marks)
    said = [exchange("POST /v1/orders", body, answer, *DAYS, *reasons), shown("way", "From pick to delivery: Monday, Tuesday, Thursday")]
    return Said("\n\n".join(said), {"way": picture})


async def backward(house: House) -> Said:
    """Wanted on a Sunday, on which nobody receives: delivered on the Friday before, and picked no earlier than that needs."""
    line = {"sku": "CHAIR", "quantity": 4, "sites": ["NUE"], "ship_to": "DE-BY", "requested_date": house.day(9)}
    answer = await house.post("orders", {"customer": "ACME", "lines": [line]})
    delivery = answer["lines"][0]["deliveries"][0]
    pick = await _pick(house, answer["order_id"])
    agreed((pick, delivery["ship_date"], delivery["delivery_date"]), (house.day(4), house.day(5), house.day(7)))
    row = [short_date(day) for day in (house.day(9), delivery["delivery_date"], delivery["ship_date"], pick)]
    return Said(table(("wanted", "delivered", "shipped", "picked"), [row]))


async def clocks(house: House) -> Said:
    """The same instant at two sites: after the cut-off in Nuremberg, before it in New York."""
    await house.site("NYC", time_zone="America/New_York", calendar="FIVE-DAYS", cut_off_time="14:00")
    await house.stock("CHAIR", 100, "NYC")
    await house.settled()
    return Said(await _shipped(house, (("NUE", "Fri 14:30"), ("NYC", "Fri 08:30")), (house.day(4), house.day(0))))


async def after_the_change(house: House) -> Said:
    """Three days later at the same time by UTC the clocks of Nuremberg have gone back: half an hour before the cut-off."""
    await _works(house)
    return Said(await _shipped(house, (("NUE", "Mon 13:30"),), (house.day(1),)))


async def _shipped(house: House, sites: tuple[tuple[str, str], ...], by_hand: tuple[str, ...]) -> str:
    rows = []
    for site, local in sites:
        answer = await house.post("quotes", {"lines": [{"sku": "CHAIR", "quantity": 1, "sites": [site]}]})
        rows.append((f"12:30 UTC, {local} in {site}", short_date(answer["lines"][0]["deliveries"][0]["ship_date"])))
    agreed(tuple(ship for _, ship in rows), tuple(short_date(day) for day in by_hand))
    return table(("asked at", "ships"), rows)


async def _works(house: House) -> None:
    """Chairs in Nuremberg: five days a week, until 14:00, a day to pick and pack, two days to Bavaria."""
    await house.master("capacity", "calendars/FIVE-DAYS", {"weekly": FIVE_DAYS})
    await house.site("NUE", calendar="FIVE-DAYS", cut_off_time="14:00", pick_pack_days=1)
    await house.lane("NUE-BY", "NUE", "DE-BY", transit_days=2, calendar="FIVE-DAYS")
    await house.master("quote", "customers/ACME", {"name": "Acme", "calendar": "FIVE-DAYS"})
    await house.item("CHAIR")
    await house.stock("CHAIR", 100, "NUE")
    await house.settled()


async def _pick(house: House, order_id: str) -> str:
    """The day on which an order's claim stands in the book."""
    book = await house.book("CHAIR", 0, 14, "NUE")
    found: list[Any] = [day["date"] for day in book["days"] for claim in day["claims"] if order_id in str(claim)]
    return str(found[0])


EXAMPLES: dict[str, Callable[[House], Awaitable[Said]]] = {"way": way, "backward": backward, "clocks": clocks}
AFTER_THE_CHANGE: dict[str, Callable[[House], Awaitable[Said]]] = {"after-the-change": after_the_change}

"""What is there, what comes, what is promised: the book, the invariant, holds, late receipts, facts."""

from collections.abc import Awaitable, Callable
from typing import Any

from deploy.guide.house import House, agreed
from deploy.guide.pictures import of_book, shown
from deploy.guide.saying import Said, by_day, exchange, table

ANSWER = ("outcome", "summary", "lines.promised_date", "lines.slip_days", "lines.deliveries.quantity", "lines.deliveries.delivery_date")


async def golden(house: House) -> Said:
    """The case that the maker of a commercial product published (promising.md § 2)."""
    await house.item("BOLT")
    for offset, quantity in ((2, 10), (4, 1), (5, 3)):
        await house.receipt(f"PO-{offset + 1}", "BOLT", quantity, offset)
    await house.stock("BOLT", 20)
    await house.settled()
    await house.backlog("BOLT", ("A-1", 3, 0), ("A-2", 15, 3))
    book = await house.book("BOLT", 0, 6)
    agreed([day["projected"] for day in book["days"]], [17, 17, 27, 12, 13, 16, 16])
    agreed([day["atp"] for day in book["days"]], [12, 12, 12, 12, 13, 16, 16])
    call = f"```http\nGET /v1/availability?sku=BOLT&site=HAM&from_date={house.day(0)}&to_date={house.day(6)}\n```"
    picture = shown("golden", "Bolts: the balance falls to 12 on the fourth day, so no more than 12 can be promised before")
    return Said(
        f"{call}\n\n{by_day(book, 'BOLT')}\n\n{picture}", {"golden": of_book(book, "BOLT at HAM: what is there, and what of it is free")}
    )


async def look_ahead(house: House) -> Said:
    """Why not the recursion of the textbooks: it promises the 5 of today that day 4 needs."""
    await house.item("NUT")
    await house.receipt("PO-NUT", "NUT", 6, 2)
    await house.stock("NUT", 10)
    await house.settled()
    await house.backlog("NUT", ("N-1", 5, 1), ("N-2", 11, 3))
    book = await house.book("NUT", 0, 3)
    agreed([day["atp"] for day in book["days"]], [0, 0, 0, 0])
    return Said(by_day(book, "NUT"))


async def accepted(house: House) -> Said:
    """13 bolts for tomorrow: there are 17, but 12 is all that tomorrow may have."""
    line = {"sku": "BOLT", "quantity": 13, "requested_date": house.day(1)}
    answer = await house.post("orders", {"customer": "ACME", "lines": [line]})
    agreed((answer["lines"][0]["promised_date"], answer["lines"][0]["slip_days"]), (house.day(4), 3))
    after = await house.book("BOLT", 0, 6)
    agreed([day["atp"] for day in after["days"]], [0, 0, 0, 0, 0, 3, 3])
    offer = await house.post("orders", {"lines": [{"sku": "BOLT", "quantity": 4, "requested_date": house.day(1)}]}, status=409)
    body = {"lines": [{"sku": "BOLT", "quantity": 4, "requested_date": house.day(1)}]}
    other = tuple(
        f"offer.lines.alternatives.{name}" for name in ("kind", "deliveries.quantity", "deliveries.delivery_date", "lost_because")
    )
    said = [
        exchange("POST /v1/orders", {"customer": "ACME", "lines": [line]}, answer, "status", *ANSWER),
        "Afterwards three are left, from Wednesday on:",
        by_day(after, "BOLT"),
        "and four more are refused, with the best offer inside:",
        exchange("POST /v1/orders", body, offer, "code", "detail", *other, status=409),
    ]
    return Said("\n\n".join(said))


async def held(house: House) -> Said:
    """A hold takes; its owner does not block itself; it always becomes an order."""
    await house.item("LAMP")
    await house.stock("LAMP", 10)
    await house.settled()
    body = {"customer": "ACME", "mode": "hold", "ttl_seconds": 900, "lines": [{"sku": "LAMP", "quantity": 8}]}
    hold = await house.post("quotes", body)
    others = await house.book("LAMP", 0, 0)
    owner = await house.book("LAMP", 0, 0, owner=hold["id"])
    agreed((others["days"][0]["atp"], owner["days"][0]["atp"]), (2, 10))
    order = await house.post(f"quotes/{hold['id']}/confirm", {})
    again = await house.post(f"quotes/{hold['id']}/confirm", {})
    agreed((order["status"], again["order_id"] == order["order_id"]), ("confirmed", True))
    rows = [
        ("everybody else, while it is held", "GET /v1/availability?sku=LAMP&site=HAM", _atp(others)),
        ("its owner", "GET /v1/availability?sku=LAMP&site=HAM&owner=quo_…", _atp(owner)),
    ]
    said = [
        exchange("POST /v1/quotes", body, hold, "status", "summary"),
        table(("who asks", "how", "ATP today"), ((who, f"`{how}`", atp) for who, how, atp in rows)),
        exchange("POST /v1/quotes/quo_…/confirm", {}, order, "status", "outcome", "summary"),
    ]
    return Said("\n\n".join(said))


def _atp(book: dict[str, Any]) -> str:
    return str(book["days"][0]["atp"])


async def late_receipt(house: House) -> Said:
    """A receipt that is three days late is believed for tomorrow; one that is 31 days late no more."""
    await house.item("CABLE")
    await house.receipt("PO-LATE", "CABLE", 40, -3)
    await house.receipt("PO-LOST", "CABLE", 25, -31)
    await house.stock("CABLE", 5)
    await house.settled()
    book = await house.book("CABLE", 0, 3)
    agreed([day["atp"] for day in book["days"]], [5, 45, 45, 45])
    policy = {"name": "Cables come when they come", "sku": "CABLE", "past_due_offset_days": 3}
    await house.master("quote", "policies/cables", policy)

    async def believed_later() -> dict[str, Any] | None:
        found = await house.book("CABLE", 0, 3)
        return found if [day["atp"] for day in found["days"]] == [5, 5, 5, 45] else None

    slower = await house.until(believed_later)
    said = [by_day(book, "CABLE"), exchange("PUT /v1/policies/cables", policy, None).partition("\n\n")[0], by_day(slower, "CABLE")]
    return Said("\n\n".join(said))


async def facts(house: House) -> Said:
    """An arrival consumes its receipt; the purchase order sent again counts nothing twice."""
    await house.item("GLASS")
    await house.receipt("PO-GLASS", "GLASS", 10, 4)
    await house.stock("GLASS", 2)
    await house.settled()
    steps = [("as told", await house.book("GLASS", 0, 4))]
    await house.moved("MV-1", "arrival", "GLASS", 6, receipt_id="PO-GLASS")
    await house.settled()
    steps.append(("6 of the 10 arrive", await house.book("GLASS", 0, 4)))
    await house.receipt("PO-GLASS", "GLASS", 10, 4)
    await house.settled()
    steps.append(("the purchase order is sent again, unchanged", await house.book("GLASS", 0, 4)))
    await house.receipt("PO-GLASS", "GLASS", 9, 4)
    await house.settled()
    steps.append(("the supplier will send 9 in all", await house.book("GLASS", 0, 4)))
    rows = [(what, str(book["on_hand"]), str(_coming(book)), str(book["days"][-1]["projected"])) for what, book in steps]
    agreed([row[1:] for row in rows], [("2", "10", "12"), ("8", "4", "12"), ("8", "4", "12"), ("8", "3", "11")])
    return Said(table(("what happened", "on hand", "still to come", "projected in the end"), rows))


def _coming(book: dict[str, Any]) -> float:
    coming: float = sum(entry["quantity"] for day in book["days"] for entry in day["receipts"])
    return coming


EXAMPLES: dict[str, Callable[[House], Awaitable[Said]]] = {
    "golden": golden,
    "look-ahead": look_ahead,
    "accepted": accepted,
    "held": held,
    "late-receipt": late_receipt,
    "facts": facts,
}

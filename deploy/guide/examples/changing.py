"""When things change: who is in danger, what would be if, what was then, and the same question asked again."""

from collections.abc import Awaitable, Callable

from deploy.guide.house import House, Json, agreed
from deploy.guide.pictures import of_book, shown
from deploy.guide.saying import Said, exchange, table

BY_HAND = 0.668
RISK = ("status", "lines.promised_date", "lines.at_risk", "lines.risk.cause.code", "lines.risk.cause.ref", "lines.risk.projected_date")


async def risk(house: House) -> Said:
    """A purchase order shrinks: the urgent order stays, the other has to wait for the next one."""
    await house.item("DOOR")
    await house.receipt("PO-A", "DOOR", 12, 3)
    await house.receipt("PO-B", "DOOR", 10, 9)
    await house.stock("DOOR", 0)
    await house.settled()
    wanted = {"sku": "DOOR", "requested_date": house.day(3)}
    urgent = await house.post("orders", {"customer": "ACME", "priority": 10, "lines": [wanted | {"quantity": 8}]})
    other = await house.post("orders", {"customer": "BOLD", "lines": [wanted | {"quantity": 4}]})
    await house.receipt("PO-A", "DOOR", 9, 3)

    async def endangered() -> Json | None:
        order = await house.get(f"orders/{other['order_id']}")
        return order if order["lines"][0]["at_risk"] else None

    late: Json = await house.until(endangered)
    stays = await house.get(f"orders/{urgent['order_id']}")
    agreed((stays["lines"][0]["at_risk"], late["lines"][0]["risk"]["projected_date"]), (False, house.day(9)))
    short = await house.book("DOOR", 0, 10)
    rows = [
        (f"{order['customer']}, priority {priority}", "yes" if order["lines"][0]["at_risk"] else "no", projected)
        for order, priority, projected in ((stays, 10, "-"), (late, 100, late["lines"][0]["risk"]["projected_date"]))
    ]
    said = [
        shown("risk", "Doors: 9 come, 12 go, the balance is 3 short until the next purchase order"),
        exchange("GET /v1/orders/ord_…", None, late, *RISK),
        table(("order", "at risk", "would be delivered"), rows),
    ]
    return Said("\n\n".join(said), {"risk": of_book(short, "DOOR at HAM, once PO-A is 3 short")})


async def what_if(house: House) -> Said:
    """What if PO-B came four days later? Asked on copies; nothing is written."""
    line = {"sku": "DOOR", "quantity": 5, "requested_date": house.day(9)}
    body = {"lines": [line], "assume": [{"kind": "delay", "receipt_id": "PO-B", "days": 4}]}
    plain = await house.post("quotes", {"lines": [line]})
    answer = await house.post("quotes", body)
    agreed((plain["lines"][0]["promised_date"], answer["lines"][0]["promised_date"]), (house.day(9), house.day(13)))
    return Said(exchange("POST /v1/quotes", body, answer, "status", "summary"))


async def as_of(house: House) -> Said:
    """The book of the doors now, and one change before: when PO-A was still to bring twelve."""
    now = int((await house.book("DOOR", 3, 3))["version"])
    rows = []
    for version, words in ((now - 1, "one version before"), (now, "now")):
        book = await house.book("DOOR", 3, 3, version=version)
        rows.append((words, str(book["days"][0]["projected"]), str(book["days"][0]["atp"])))
    agreed([row[1:] for row in rows], [("0", "0"), ("-3", "-3")])
    return Said(table(("DOOR on the third day", "projected", "ATP"), rows))


async def replay(house: House) -> Said:
    """A decision made again on the books of then says the same."""
    answer = await house.post("quotes", {"mode": "hold", "lines": [{"sku": "DOOR", "quantity": 2, "requested_date": house.day(9)}]})
    again = await house.post(f"decisions/{answer['decision_id']}/replay", {})
    agreed(again["same"], True)
    return Said(exchange("POST /v1/decisions/dec_…/replay", {}, again, "kind", "same", "master_data"))


async def explanation(house: House) -> Said:
    """Why 60 shelves cannot come before the receipt: each step with the days that it adds."""
    await house.item("SHELF")
    await house.receipt("PO-SHELF", "SHELF", 60, 5, "NUE")
    await house.stock("SHELF", 20, "NUE")
    await house.settled()
    body = {
        "customer": "ACME",
        "lines": [{"sku": "SHELF", "quantity": 50, "sites": ["NUE"], "ship_to": "DE-BY", "requested_date": house.day(4)}],
    }
    quote = await house.post("quotes", body)
    line = quote["lines"][0]
    agreed(sum(reason["adds_days"] for reason in line["reasons"]), line["slip_days"])
    rows = [(reason["step"], f"`{reason['code']}`", reason["summary"], str(reason["adds_days"])) for reason in line["reasons"]]
    kept = ("summary", "lines.slip_days", "lines.limiting_step", "lines.pegging.quantity", "lines.pegging.source", "lines.pegging.ref")
    others = ("lines.alternatives.kind", "lines.alternatives.deliveries.quantity", "lines.alternatives.deliveries.delivery_date")
    said = [
        exchange("POST /v1/quotes", body, quote, *kept, *others, "lines.alternatives.lost_because"),
        table(("step", "code", "in words", "days"), [*rows, ("", "", "slip", str(line["slip_days"]))]),
    ]
    return Said("\n\n".join(said))


async def chance(house: House) -> Said:
    """A supplier of whose 20 orders the first 15 came in time and the last 5 three days late: 13.1 of 19.2 by weight, hence

    (13.1 + 5 x 13.1/20.2) / (19.2 + 5 + 1/4) = 66.8 %.
    """
    await house.item("OAK")
    await house.receipt("PO-OAK", "OAK", 10, 4, supplier="FOREST")
    for number, late in enumerate((0,) * 15 + (3,) * 5):
        await house.receipt(f"PO-OLD-{number}", "OAK", 1, -late, supplier="FOREST")
        await house.moved(f"MV-OLD-{number}", "arrival", "OAK", 1, receipt_id=f"PO-OLD-{number}")
    await house.stock("OAK", 0)
    await house.settled()
    line = {"sku": "OAK", "quantity": 10, "requested_date": house.day(4), "supply": []}

    async def known() -> Json | None:
        answer = await house.post("quotes", {"lines": [line]})
        return answer if round(answer["lines"][0]["probability"] or 0, 3) == BY_HAND else None

    plain: Json = await house.until(known)
    body = {"probability": 0.9, "lines": [line]}
    sure = await house.post("quotes", body)
    agreed(sure["lines"][0]["promised_date"], house.day(7))
    kept = ("summary", "lines.probability")
    said = [
        exchange("POST /v1/quotes", {"lines": [line]}, plain, *kept),
        "and with nine chances in ten:",
        exchange("POST /v1/quotes", body, sure, *kept, "lines.reasons.code", "lines.reasons.summary", "lines.reasons.adds_days"),
    ]
    return Said("\n\n".join(said))


EXAMPLES: dict[str, Callable[[House], Awaitable[Said]]] = {
    "risk": risk,
    "what-if": what_if,
    "as-of": as_of,
    "replay": replay,
    "explanation": explanation,
    "chance": chance,
}

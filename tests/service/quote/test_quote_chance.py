"""The chance that a date holds, through the public doors: learned from arrivals at inventory, said and asked for at quote."""

import asyncio

from tests.service.quote.shop import Json, Shop, a_line, a_name, codes, day, eventually, ok


async def arrived(shop: Shop, supplier: str, *days_late: int) -> None:
    """Orders of a supplier that have come so many days after they were due, each in two parts."""
    sku = await shop.item()
    for late in days_late:
        receipt = a_name("PO")
        body = {"kind": "purchase_order", "site": "HAM", "sku": sku, "quantity": 3, "due_date": day(-late), "supplier": supplier}
        ok(await shop.inventory.put(f"/v1/receipts/{receipt}", json=body))
        await shop.move("arrival", sku, 1, receipt_id=receipt)
        await shop.move("arrival", sku, 2, receipt_id=receipt)
    await shop.heard(sku)


async def coming(shop: Shop, supplier: str, quantity: float, offset: int) -> tuple[str, str]:
    """A sku of which so much is to come from a supplier."""
    sku, receipt = await shop.item(), a_name("PO")
    body = {"kind": "purchase_order", "site": "HAM", "sku": sku, "quantity": quantity, "due_date": day(offset), "supplier": supplier}
    ok(await shop.inventory.put(f"/v1/receipts/{receipt}", json=body))
    await shop.heard(sku)
    return sku, receipt


async def asked(shop: Shop, line: Json, **more: object) -> Json:
    found: Json = (await shop.ask(line, **more))["lines"][0]
    return found


async def test_lateness_is_learned_from_arrivals_and_said_with_every_date(shop: Shop) -> None:
    supplier = a_name("WOOD")
    sku, receipt = await coming(shop, supplier, 10, 4)
    await arrived(shop, supplier, *(0,) * 15, *(3,) * 5)

    async def known() -> Json | None:
        before = await asked(shop, a_line(sku, 10))
        await asyncio.sleep(0.3)  # the last of twenty arrivals are learned from a moment after their stock is heard
        line = await asked(shop, a_line(sku, 10))
        settled = line["probability"] == before["probability"]
        return line if settled and line["probability"] is not None and 0.6 < line["probability"] < 0.9 else None

    line = await eventually(known, what="what was learned of the supplier")
    assert (line["promised_date"], line["pegging"][0]["ref"]) == (day(4), receipt)
    later = await asked(shop, a_line(sku, 10, requested_date=day(7)))
    assert later["probability"] > 0.9, "three days of slack"
    in_stock = a_line(await shop.stocked(5), 5)
    assert (await asked(shop, in_stock))["probability"] == 1, "stock is certain"
    apart, together = [await shop.ask(a_line(sku, 10), in_stock, ship_complete=complete) for complete in (False, True)]
    assert [one["probability"] for one in apart["lines"]] == [line["probability"], 1]
    assert [one["probability"] for one in together["lines"]] == [line["probability"]] * 2, "all of them hold, or the order does not"
    assert (await asked(shop, a_line(sku, 99)))["probability"] is None, "nothing is promised"


async def test_a_date_that_holds_with_a_probability_can_be_asked_for_held_ordered_and_replayed(shop: Shop) -> None:
    supplier = a_name("WOOD")
    sku, receipt = await coming(shop, supplier, 10, 4)
    before = await shop.ask(a_line(sku, 4))
    await arrived(shop, supplier, *(0,) * 12, *(3,) * 8, *(2,) * 3)

    async def later() -> Json | None:
        line = await asked(shop, a_line(sku, 4, line_ref="1"), probability=0.9)
        return line if line["promised_date"] == day(7) else None

    line = await eventually(later, what="a date with three days of slack")
    assert line["probability"] >= 0.9
    assert codes(line) == ["NO_STOCK", "AWAIT_SUPPLY", "LATENESS"]
    assert sum(reason["adds_days"] for reason in line["reasons"]) == line["slip_days"] == 7
    assert (line["reasons"][-1]["ref"], line["pegging"][0]["due_date"]) == (receipt, day(4))
    order = await shop.order(a_line(sku, 4), probability=0.9)
    assert order["lines"][0]["promised_date"] == day(7)
    assert (await shop.book(sku, from_date=day(6), to_date=day(7)))["days"][1]["atp"] == 6
    hold = await shop.hold(a_line(sku, 6), probability=0.9)
    too_much = await asked(shop, a_line(sku, 1), probability=0.9)
    assert too_much["outcome"] == "none"
    await arrived(shop, supplier, *(9,) * 20)
    for decision in (before["decision_id"], order["decision_id"], hold["decision_id"]):
        again = ok(await shop.quote.post(f"/v1/decisions/{decision}/replay"))
        assert again["same"], again["differences"]


async def test_every_date_that_was_told_is_held_against_the_arrival(shop: Shop) -> None:
    """Put off from the day before yesterday to today, and come today: late by two days once, and on time once."""
    supplier = a_name("WOOD")
    sku, _ = await coming(shop, supplier, 10, 4)
    moved = await shop.item()
    for _ in range(30):
        receipt = a_name("PO")
        for offset in (-2, 0):
            body = {"kind": "purchase_order", "site": "HAM", "sku": moved, "quantity": 3, "due_date": day(offset), "supplier": supplier}
            ok(await shop.inventory.put(f"/v1/receipts/{receipt}", json=body))
        await shop.move("arrival", moved, 3, receipt_id=receipt)
    await shop.heard(moved)

    async def half() -> bool:
        line = await asked(shop, a_line(sku, 10))
        return line["probability"] is not None and 0.4 < line["probability"] < 0.65

    await eventually(half, what="half of the dates having held")
    assert (await asked(shop, a_line(sku, 10, requested_date=day(6))))["probability"] > 0.9


async def test_what_is_bought_of_a_kind_nobody_has_seen_is_unknown_and_never_promised_for_sure(shop: Shop) -> None:
    sku, receipt = await shop.item(), a_name("TO")
    body = {"kind": "transfer_order", "site": "HAM", "from_site": "MUC", "ship_date": day(1), "sku": sku, "quantity": 5, "due_date": day(3)}
    ok(await shop.inventory.put(f"/v1/receipts/{receipt}", json=body))
    await shop.heard(sku)
    assert (await asked(shop, a_line(sku, 5)))["probability"] is None
    refused_line = await asked(shop, a_line(sku, 5), probability=0.5)
    assert (refused_line["outcome"], refused_line["reasons"][-1]["code"]) == ("none", "CHANCE_UNKNOWN")
    for nonsense in (0, 1.5, -1, "high"):
        answer = await shop.quote.post("/v1/quotes", json={"lines": [a_line(sku)], "probability": nonsense})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/probability")

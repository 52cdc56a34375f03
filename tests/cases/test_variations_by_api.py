"""Variations of our own, worked out by hand, where a rule has no published case: through the public doors, as the cases are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, a_name, codes, day, eventually, ok, refused

Days = list[tuple[float, str]]


@pytest.fixture(scope="module")
async def shop(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give the doors of quote, inventory and capacity."""
    async with a_factory(postgres) as found:
        await found.open_sites()
        yield found


def delivered(answer: Json, line: int = 0) -> Days:
    return [(one["quantity"], one["delivery_date"]) for one in answer["lines"][line]["deliveries"]]


def planned(answer: Json) -> list[float]:
    return [one["quantity"] for one in answer["planned_supply"]]


async def sold(shop: Factory, sku: str, site: str, **terms: object) -> None:
    await shop.told_of("suppliers/WOOD", name="Wood")
    await shop.told_of(f"supplier-items/{a_name('TERMS')}", sku=sku, site=site, supplier="WOOD", **terms)


async def free(shop: Factory, sku: str, *offsets: int, site: str = "HAM") -> list[float]:
    await shop.heard(sku, site)
    return [await shop.atp(sku, offset, site) for offset in offsets]


async def test_a_receipt_arrives_in_parts_is_sent_again_and_over_delivers_and_nothing_counts_twice(shop: Factory) -> None:
    sku = await shop.stocked(0)
    receipt = await shop.order_supply(sku, 10, 5)
    await shop.move("arrival", sku, 4, receipt_id=receipt)
    assert await free(shop, sku, 0, 4, 5) == [4, 4, 10]
    await shop.order_supply(sku, 10, 6, receipt_id=receipt)

    async def moved() -> bool:
        return await free(shop, sku, 0, 5, 6) == [4, 4, 10]

    await eventually(moved, what="the rest being moved, and what arrived not ordered again")
    await shop.move("arrival", sku, 9, receipt_id=receipt)
    assert await free(shop, sku, 0, 9) == [13, 13]
    await shop.order_supply(sku, 20, 7, receipt_id=receipt)
    assert await free(shop, sku, 0, 7) == [13, 20]
    ok(await shop.inventory.post(f"/v1/receipts/{receipt}/close", json={}))
    assert await free(shop, sku, 7) == [13]
    await shop.move("arrival", sku, 2, receipt_id=receipt)
    assert await free(shop, sku, 7) == [15], "after the close, stock only"
    unknown = a_name("PO")
    await shop.move("arrival", sku, 3, receipt_id=unknown)
    await shop.order_supply(sku, 10, 3, receipt_id=unknown)
    assert await free(shop, sku, 0, 3) == [18, 25], "arrived before it was defined"


async def test_late_receipts_count_tomorrow_for_thirty_days_and_usable_days_come_on_top(shop: Factory) -> None:
    sku = await shop.stocked(0, {2: 1})
    for quantity, late in ((5, 3), (7, 31), (2, 30)):
        await shop.order_supply(sku, quantity, -late)

    async def counted() -> bool:
        return [await shop.atp(sku, offset) for offset in (0, 1, 2)] == [0, 7, 8]

    await eventually(counted, what="5 and 2 of the late ones from tomorrow on")
    slow = await shop.item(dock_to_stock_days=2)
    await shop.stocked(0, {3: 5}, sku=slow)
    await shop.promised(a_line(slow, 5), 5)


async def test_a_movement_from_before_the_count_takes_its_receipt_or_claim_and_leaves_the_count_alone(shop: Factory) -> None:
    sku = await shop.stocked(50, {4: 10})
    (receipt,) = [one["receipt_id"] for each in (await shop.book(sku))["days"] for one in each["receipts"]]
    order = (await shop.order(a_line(sku, 20, line_ref="1")))["order_id"]
    before = "2026-01-01T00:00:00Z"
    await shop.move("arrival", sku, 4, receipt_id=receipt, occurred_at=before)
    assert await free(shop, sku, 0, 4) == [30, 36]
    await shop.ship(order, "1", sku, 5, occurred_at=before)

    async def shipped() -> bool:
        return bool((await shop.read(order))["lines"][0]["shipped_quantity"] == 5)

    await eventually(shipped)
    assert (await shop.heard(sku))["on_hand"] == 50
    assert await free(shop, sku, 0, 4) == [35, 41]


async def test_shipments_over_under_and_closing_leave_what_they_should(shop: Factory) -> None:
    sku = await shop.stocked(20)

    async def after(order: str, status: str) -> list[float]:
        async def so() -> bool:
            return str((await shop.read(order))["status"]) == status

        await eventually(so, what=status)
        return [(await shop.heard(sku))["on_hand"], await shop.atp(sku)]

    over = (await shop.order(a_line(sku, 5, line_ref="1")))["order_id"]
    await shop.ship(over, "1", sku, 7)
    assert await after(over, "shipped") == [13, 13]
    under = (await shop.order(a_line(sku, 5, line_ref="1", requested_date=day(3))))["order_id"]
    await shop.ship(under, "1", sku, 2)
    assert await after(under, "partly_shipped") == [11, 8]
    await shop.ship(under, "1", sku, 1, closes=True)
    assert await after(under, "closed_short") == [10, 10]


async def test_an_open_transfer_takes_from_one_site_on_its_ship_date_and_gives_to_the_other_on_its_due_date(shop: Factory) -> None:
    sku = await shop.stocked(15)
    await shop.stocked(5, sku=sku, site="BER")
    moving = a_name("TO")
    terms = {"kind": "transfer_order", "site": "BER", "sku": sku, "quantity": 6, "due_date": day(4)}
    await shop.told_of(f"receipts/{moving}", **terms, from_site="HAM", ship_date=day(2))
    assert await free(shop, sku, 0, 4, site="BER") == [5, 11]
    assert await free(shop, sku, 0, 2) == [9, 9], "what leaves in two days cannot be promised today either"
    await shop.move("transfer", sku, 6, to_site="BER", receipt_id=moving)
    assert (await free(shop, sku, 0), await free(shop, sku, 0, 4, site="BER")) == ([9], [5, 11])
    await shop.move("arrival", sku, 6, "BER", receipt_id=moving)
    assert (await free(shop, sku, 0), await free(shop, sku, 0, 4, site="BER")) == ([9], [11, 11])


async def test_lots_are_rounded_the_surplus_of_an_order_is_anybodys_and_that_of_a_hold_is_nobodys(shop: Factory) -> None:
    sku = await shop.stocked(3)
    await sold(shop, sku, "HAM", lead_time_days=5, minimum_quantity=10, multiple=4)
    await shop.promised(a_line(sku, 5), 5)
    assert planned(await shop.ask(a_line(sku, 5))) == [12]
    assert planned(await shop.ask(a_line(sku, 17))) == [16]
    assert delivered(await shop.ask(a_line(sku, 5), allow_partial=True)) == [(3, day(0)), (2, day(5))]
    held = await shop.hold(a_line(sku, 5))
    assert planned(await shop.ask(a_line(sku, 10))) == [12]
    ok(await shop.quote.post(f"/v1/quotes/{held['id']}/release", json={}))
    await shop.order(a_line(sku, 5))
    answer = await shop.ask(a_line(sku, 10))
    assert (delivered(answer), planned(answer)) == ([(10, day(5))], [])
    assert planned(await shop.ask(a_line(sku, 11))) == [12]


async def test_within_the_fence_only_what_known_supply_does_not_cover_is_planned(shop: Factory) -> None:
    sku = await shop.item(atp_fence_days=10)
    await shop.stocked(2, {8: 5, 12: 5}, sku=sku)
    await sold(shop, sku, "HAM", lead_time_days=3)

    async def beyond() -> Json | None:
        found = await shop.ask(a_line(sku, 9))
        return found if found["planned_supply"] else None

    answer = await eventually(beyond, what="the supplier")
    assert (delivered(answer), planned(answer)) == ([(9, day(8))], [2])
    answer = await shop.ask(a_line(sku, 7))
    assert (delivered(answer), planned(answer)) == ([(7, day(8))], [])
    assert delivered(await shop.ask(a_line(sku, 9), allow_partial=True)) == [(2, day(0)), (2, day(3)), (5, day(8))]


async def test_beyond_known_supply_an_item_may_be_promised_at_its_lead_time_and_no_other_is(shop: Factory) -> None:
    flagged, plain = await shop.item(lead_time_days=14, promise_at_lead_time=True), await shop.item(lead_time_days=14)
    for sku in (flagged, plain):
        await shop.stocked(2, sku=sku)
    await shop.promised(a_line(flagged, 5), 14)
    assert delivered(await shop.ask(a_line(flagged, 2))) == [(2, day(0))]
    assert codes((await shop.ask(a_line(plain, 5)))["lines"][0]) == ["NOT_ENOUGH_SUPPLY"]


async def test_a_transfer_is_rounded_to_its_lane_and_never_more_than_is_there(shop: Factory) -> None:
    first, second, third = await shop.site(), await shop.site(), await shop.site()
    sku = await shop.stocked(7, site=first)
    await shop.stocked(1, sku=sku, site=second)
    await shop.told_of(f"lanes/{a_name('LANE')}", from_site=first, to=second, transit_days=2, minimum_quantity=4, multiple=3)
    await shop.promised(a_line(sku, 3, sites=[second]), 2)
    assert planned(await shop.ask(a_line(sku, 3, sites=[second]))) == [6]
    assert delivered(await shop.ask(a_line(sku, 7, sites=[second]))) == [(7, day(2))]
    assert (await shop.ask(a_line(sku, 8, sites=[second])))["outcome"] == "none", "seven are there, and nine would be moved"
    for here, there in ((second, third), (third, second)):
        await shop.told_of(f"lanes/{a_name('LANE')}", from_site=here, to=there, transit_days=1)
    await shop.promised(a_line(sku, 2, sites=[third]), 3)


async def test_components_fall_back_on_alternates_and_a_setup_and_drying_take_their_days(shop: Factory) -> None:
    site, chair = await shop.site(), await shop.item()
    leg, seat, other = [await shop.stocked(quantity, site=site) for quantity in (30, 3, 50)]
    saw = await shop.machine(site, await shop.calendar(480, closed=(0,)), units=2, efficiency=0.5)
    assert [one["available_minutes"] for one in await shop.loads(saw, 0, 1)] == [0, 480]
    parts = [{"component": leg, "quantity_per": 2}, {"component": seat, "quantity_per": 1, "alternates": [other]}]
    await shop.put(f"boms/{chair}", components=parts)
    steps = [
        {"sequence": 10, "setup_minutes": 60, "minutes_per_unit": 30, "resources": [{"resource": saw}]},
        {"sequence": 20, "fixed_minutes": 1500},
    ]
    await shop.put(f"routings/{chair}", operations=steps)
    await shop.promised(a_line(chair, 10, sites=[site]), 4)
    for quantity, used in ((10, other), (3, seat)):
        (plan,) = (await shop.ask(a_line(chair, quantity, sites=[site])))["planned_supply"]
        assert [(one["sku"], one["quantity"]) for one in plan["components"]] == [(leg, 2 * quantity), (used, quantity)]
    await shop.promised(a_line(chair, 15, sites=[site]), 5)
    assert (await shop.ask(a_line(chair, 16, sites=[site])))["outcome"] == "none", "32 legs are not there"


async def test_the_best_split_ship_complete_and_latest_dates(shop: Factory) -> None:
    sku, other = await shop.stocked(0, {5: 7, 6: 2}), await shop.stocked(5)
    assert delivered(await shop.ask(a_line(sku, 8, min_ship_quantity=4), allow_partial=True)) == [(4, day(5)), (4, day(6))]
    assert delivered(await shop.ask(a_line(sku, 8, max_shipments=1), allow_partial=True)) == [(8, day(6))]
    assert delivered(await shop.ask(a_line(sku, 20), allow_partial=True)) == [(7, day(5)), (2, day(6))]
    assert (await shop.ask(a_line(sku, 8, latest_acceptable_date=day(5))))["outcome"] == "none"
    assert delivered(await shop.ask(a_line(sku, 8, latest_acceptable_date=day(5)), allow_partial=True)) == [(7, day(5))]
    together = await shop.ask(a_line(sku, 7), a_line(other, 5), ship_complete=True)
    assert [delivered(together, line) for line in (0, 1)] == [[(7, day(5))], [(5, day(5))]]
    twice = await shop.ask(a_line(other, 3), a_line(other, 3))
    assert [line["outcome"] for line in twice["lines"]] == ["full", "none"], "nothing is promised twice inside one answer"


async def test_a_promise_moves_only_when_it_must_and_a_refused_change_leaves_it(shop: Factory) -> None:
    sku = await shop.stocked(5, {4: 5})
    order = (await shop.order(a_line(sku, 5, line_ref="1")))["order_id"]

    async def change(**fields: object) -> Json:
        found: Json = ok(await shop.amend(order, {"line_ref": "1", **fields}))["lines"][0]
        return found

    assert (await change(quantity=8))["promised_date"] == day(4)
    refused(await shop.amend(order, {"line_ref": "1", "quantity": 11}), 409, "CANNOT_PROMISE")
    assert await shop.atp(sku, 4) == 2
    reduced = await change(quantity=4)
    assert (reduced["promised_date"], reduced["times_moved"]) == (day(4), 1), "never pulled in unasked"
    moved = await change(requested_date=day(9))
    assert (moved["promised_date"], moved["first_promised_date"]) == (day(9), day(0))
    assert (await change(requested_date=day(2)))["promised_date"] == day(2), "and asked for earlier, it is"


async def test_a_book_short_by_safety_stock_or_facts_refuses_what_is_new_and_lets_every_retreat_pass(shop: Factory) -> None:
    sku = await shop.stocked(10)
    order = (await shop.order(a_line(sku, 6, line_ref="1")))["order_id"]
    await shop.count(sku, 10, safety_stock=7)
    assert await free(shop, sku, 0) == [-3]
    assert (await shop.ask(a_line(sku, 1)))["outcome"] == "none"
    ok(await shop.amend(order, {"line_ref": "1", "quantity": 5}))
    postponed = ok(await shop.amend(order, {"line_ref": "1", "requested_date": day(5)}))
    assert postponed["lines"][0]["promised_date"] == day(5)
    told = await shop.told({"line_ref": "1", "sku": sku, "site": "HAM", "quantity": 8, "promised_date": day(-3)})
    assert told["outcome"] == "created", "a fact is booked, even into the negative"
    assert await shop.atp(sku) == 3 - 5 - 8


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns", "Australia/Lord_Howe"])
async def test_today_is_the_sites_today(shop: Factory, zone: str) -> None:
    site = a_name("SITE")
    await shop.told_of(f"sites/{site}", name=site, time_zone=zone)
    sku = await shop.item()
    await shop.count(sku, 5, site)

    async def known() -> Json | None:
        found = await shop.ask(a_line(sku, 5, sites=[site]))
        return found if found["outcome"] == "full" else None

    line = (await eventually(known))["lines"][0]
    here = datetime.now(UTC).astimezone(ZoneInfo(zone)).date().isoformat()  # noqa: TID251 -- the caller's own clock
    assert (line["requested_date"], line["promised_date"], line["deliveries"][0]["time_zone"]) == (here, here, zone)


async def test_closed_days_of_site_carrier_and_transit_count_forward_and_backward(shop: Factory) -> None:
    """The site is closed on days 1 and 2, the carrier on 3 and 5; packed for a day, one day on the road."""
    site = await shop.site(calendar=await shop.calendar(closed=(1, 2)), pick_pack_days=1)
    lane = {"from_site": site, "to": "AT", "transit_days": 1, "calendar": await shop.calendar(closed=(3, 5))}
    await shop.told_of(f"lanes/{a_name('LANE')}", **lane)
    sku = await shop.stocked(50, site=site)
    await shop.promised(a_line(sku, sites=[site], ship_to="AT"), 6)
    for wanted, ship, delivery in ((0, 4, 6), (6, 4, 6), (5, 4, 6), (7, 6, 7), (8, 7, 8)):
        line = a_line(sku, sites=[site], ship_to="AT", requested_date=day(wanted))
        (found,) = (await shop.ask(line))["lines"][0]["deliveries"]
        assert (found["ship_date"], found["delivery_date"]) == (day(ship), day(delivery)), wanted


async def test_the_past_can_be_asked_and_a_what_if_changes_nothing(shop: Factory) -> None:
    sku = await shop.stocked(5, {4: 10})
    (receipt,) = [one["receipt_id"] for each in (await shop.book(sku))["days"] for one in each["receipts"]]
    version = (await shop.book(sku))["version"]
    for assumed, expected in (
        ({"kind": "receipt", "sku": sku, "site": "HAM", "quantity": 7, "due_date": day(2)}, [(12, day(2))]),
        ({"kind": "delay", "receipt_id": receipt, "days": 3}, [(12, day(7))]),
        ({"kind": "lost", "receipt_id": receipt}, []),
        ({"kind": "stock", "site": "HAM", "sku": sku, "delta": 7}, [(12, day(0))]),
    ):
        assert delivered(await shop.ask(a_line(sku, 12), assume=[assumed])) == expected
    book = await shop.book(sku)
    assert book["version"] == version
    await shop.count(sku, 50)
    await shop.heard(sku)
    assert ((await shop.book(sku, as_of=book["as_of"]))["on_hand"], (await shop.book(sku))["on_hand"]) == (5, 50)

"""Dates through the public doors: handling, lanes, customers' receiving days, and what moves, is bought or made beside stock."""

from collections.abc import AsyncIterator

import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, a_name, codes, day, eventually, ok, refused


@pytest.fixture(scope="module")
async def factory(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give the doors of quote, inventory and capacity."""
    async with a_factory(postgres) as found:
        yield found


async def a_lane(factory: Factory, site: str, to: str, **more: object) -> str:
    name = a_name("LANE")
    await factory.told_of(f"lanes/{name}", from_site=site, to=to, **more)
    return name


def hop(line: Json) -> tuple[str | None, str, str]:
    (one,) = line["deliveries"]
    return one["lane"], one["ship_date"], one["delivery_date"]


async def test_handling_and_closed_days_come_before_the_lane_and_the_claim_is_dated_when_picking_must_begin(factory: Factory) -> None:
    calendar = await factory.calendar(closed=(2, 3))
    site = await factory.site(calendar=calendar, pick_pack_days=1)
    lane = await a_lane(factory, site, "DE", transit_days=2)
    sku = await factory.stocked(10, site=site)
    line = a_line(sku, 1, sites=[site], ship_to="DE-BY")
    assert hop(await factory.promised(line, None)) == (lane, day(1), day(3)), "the region's lane, packed for a day"
    order = await factory.order({**line, "requested_date": day(6)})
    assert hop(order["lines"][0]) == (lane, day(4), day(6))
    claims = [claim for one in (await factory.book(sku, site))["days"] for claim in one["claims"]]
    assert [claim["date"] for claim in claims] == [day(1)], "days two and three are closed"
    assert codes((await factory.ask({**line, "ship_to": "FR"}))["lines"][0]) == ["NO_LANE"]


async def test_of_two_lanes_the_first_that_is_in_time_is_taken_and_else_the_faster(factory: Factory) -> None:
    site = await factory.site()
    slow, fast = sorted([a_name("A"), a_name("B")])
    await factory.told_of(f"lanes/{slow}", from_site=site, to="AT", transit_days=5)
    await factory.told_of(f"lanes/{fast}", from_site=site, to="AT", transit_days=1)
    sku = await factory.stocked(10, site=site)
    line = a_line(sku, 1, sites=[site], ship_to="AT")
    await factory.promised(line, 1)
    for wanted, expected in ((0, fast), (4, fast), (5, slow), (9, slow)):
        found = (await factory.ask({**line, "requested_date": day(wanted)}))["lines"][0]
        assert found["deliveries"][0]["lane"] == expected
        assert found["promised_date"] == day(max(1, wanted))


async def test_a_customer_gets_it_on_a_receiving_day(factory: Factory) -> None:
    site = await factory.site()
    await a_lane(factory, site, "PL", transit_days=1)
    customer = a_name("ACME")
    calendar = await factory.calendar(open_only=(3, 8))
    ok(await factory.quote.put(f"/v1/customers/{customer}", json={"name": "Acme", "calendar": calendar}))
    sku = await factory.stocked(10, site=site)
    line = a_line(sku, 1, sites=[site], ship_to="PL")
    found = await factory.promised(line, 3, customer=customer)
    assert found["slip_days"] == sum(reason["adds_days"] for reason in found["reasons"]) == 3
    early = (await factory.ask({**line, "requested_date": day(7)}, customer=customer))["lines"][0]
    assert (early["promised_date"], early["outcome"]) == (day(3), "full"), "the last receiving day before the wanted one"
    assert (await factory.ask(line, customer="SOMEBODY"))["lines"][0]["promised_date"] == day(1)


async def test_what_is_lacking_is_moved_bought_or_waited_for_and_every_offer_can_be_taken(factory: Factory) -> None:
    """Stock elsewhere in three days, a supplier in five, a receipt in nine: the fastest wins, the others stand beside it."""
    here, there = await factory.site(), await factory.site()
    sku = await factory.stocked(0, {9: 10}, site=here)
    await factory.stocked(10, sku=sku, site=there)
    lane = await a_lane(factory, there, here, transit_days=3)
    terms = a_name("TERMS")
    await factory.told_of("suppliers/WOOD", name="Wood")
    await factory.told_of(f"supplier-items/{terms}", sku=sku, site=here, supplier="WOOD", lead_time_days=5)
    line = a_line(sku, 10, sites=[here])
    await factory.promised(line, 3)

    async def offers() -> tuple[str, dict[str, Json]] | None:
        answer = await factory.ask(line)
        found = {one["kind"]: one for one in answer["lines"][0]["alternatives"]}
        return (answer["id"], found) if "wait" in found and len(found) > 1 else None

    quote, found = await eventually(offers, what="the supplier being known")
    assert {kind: one["deliveries"][0]["delivery_date"] for kind, one in found.items()} == {"wait": day(9), "buy": day(5)}
    bought = ok(await factory.confirm(quote, alternative=found["buy"]["alternative"]))
    assert [(one["kind"], one["due_date"]) for one in bought["planned_supply"]] == [("purchase_order", day(5))]
    assert bought["lines"][0]["promised_date"] == day(5)
    again = await factory.ask({**line, "supply": ["buy"]})
    assert (again["planned_supply"][0]["kind"], again["lines"][0]["promised_date"]) == ("purchase_order", day(5))
    answer = await factory.ask({**line, "supply": []})
    assert (answer["planned_supply"], answer["lines"][0]["promised_date"]) == ([], day(9))
    quote = answer["id"]
    await factory.order({**line, "supply": []})
    problem = refused(await factory.confirm(quote), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["promised_quantity"] == 0, "what it waited for is gone, and nothing else was wanted"
    quote = (await factory.ask(line))["id"]
    moved = await factory.order(line)
    assert [(one["kind"], one["from_site"]) for one in moved["planned_supply"]] == [("transfer_order", there)]
    assert moved["lines"][0]["promised_date"] == day(3)
    problem = refused(await factory.confirm(quote), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["promised_date"] == day(5), "the new offer: the goods elsewhere are gone"
    assert lane

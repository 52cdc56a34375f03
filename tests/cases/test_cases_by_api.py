"""Others' worked cases through the public doors: told to inventory, asked of quote, on real processes.

The day of each case is today; its dates are moved with it. What stands for itself in `test_cases.py` must come out the same here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, timedelta

import pytest

from tests.cases import days_by_api, works_by_api
from tests.cases.kernel.of_rations import targets_of
from tests.cases.kernel.shelf import day_of
from tests.cases.test_cases import ADAPTERS, CASES
from tests.cases.told import Told, at_a_site, delivered, promised, short, sold_by
from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import SITES, Json, Shop, a_line, a_name, dates, day, deliveries, eventually, ok, refused, today


@pytest.fixture(scope="module")
async def shop(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give the doors of one quote, one inventory and one capacity."""
    async with a_factory(postgres) as found:
        await found.open_sites()
        yield found


async def ask_table(shop: Shop, case: Json) -> None:
    told = await Told.given(shop, case)
    wanted = [told.offset(when) for when in case["ask"]["table"]]
    days = await told.days(wanted[0], wanted[-1])
    assert [one["date"] for one in days] == [day(offset) for offset in wanted]
    assert [one["projected"] for one in days] == case["expect"]["projected"]
    assert [one["atp"] for one in days] == case["expect"]["atp"]


async def ask_periods(shop: Shop, case: Json) -> None:
    given = case["given"]
    supply, demand = (
        [{"date": period, "qty": quantity} for period, quantity in zip(given["periods"], given[name], strict=True)]
        for name in ("supply", "demand")
    )
    days = await (await Told.of(shop, 1, 0, supply, demand)).days(0, 7)
    assert [one["projected"] for one in days] == case["expect"]["projected_on_hand"]
    alone = [sum(r["quantity"] for r in one["receipts"]) - sum(c["quantity"] for c in one["claims"]) for one in days]
    assert alone == case["expect"]["period_atp"]


async def ask_pumps(shop: Shop, case: Json) -> None:
    given = case["given"]
    supply = [{"date": week, "qty": quantity} for week, quantity in given["mps"].items()]
    demand = [{"date": week, "qty": quantity} for week, quantity in given["orders"].items()]
    told = await Told.of(shop, 1, given["on_hand"], supply, demand)
    assert await shop.atp(told.sku, told.offset(case["ask"]["atp_of_week"])) == case["expect"]["atp"]


async def ask_earliest(shop: Shop, case: Json) -> None:
    asked = case["ask"]
    start = asked["shipment_date"] if case["id"] == "bc-receipt-after-request" else asked["requested_delivery"]
    told = await Told.of(shop, start, 0, case["given"]["supply"])
    answer = await shop.ask(told.line(asked["qty"], start))
    assert dates(answer) == [told.date(case["expect"]["earliest_ship"])]


async def order_in_turn(shop: Shop, case: Json) -> None:
    told = await Told.given(shop, case)
    for number, order in enumerate(case["ask"]["orders"]):
        answer = await shop.order(told.line(order["qty"], order["due"]), allow_partial=True)
        assert delivered(answer) == told.plan(case["expect"]["promises"][number])
        assert short(answer) == case["expect"]["short"][number]


async def ask_split(shop: Shop, case: Json) -> None:
    asked = case["ask"]
    told = await Told.given(shop, case)
    wishes: Json = {}
    if "max_lateness_days" in asked:
        wishes["latest_acceptable_date"] = day(told.offset(asked["due"]) + asked["max_lateness_days"])
    if "min_shipment" in asked:
        wishes["min_ship_quantity"] = asked["min_shipment"]
    answer = await shop.ask(told.line(asked["qty"], asked["due"], **wishes), allow_partial=True)
    assert delivered(answer) == told.plan(case["expect"]["deliveries"])
    assert short(answer) == case["expect"].get("short", 0)


async def ask_schedule(shop: Shop, case: Json) -> None:
    stock, *coming = case["given"]["atp"]
    supply = [{"date": one["date"], "qty": 50 if one["additional"] == "at least 50" else one["additional"]} for one in coming]
    told = await Told.of(shop, case["ask"]["date"], stock["cumulative"], supply)
    answer = await shop.ask(told.line(case["ask"]["qty"]), allow_partial=True)
    assert delivered(answer) == told.plan(case["expect"]["schedule"])


async def ask_independent_lines(shop: Shop, case: Json) -> None:
    given, asked = case["given"], case["ask"]["lines"]
    items = [await Told.of(shop, given["today"]) for _ in asked]
    for told, lead, line in zip(items, given["lead_time_days"], asked, strict=True):
        await shop.order_supply(told.sku, line["qty"], lead)
        await shop.heard(told.sku)
    lines = [told.line(line["qty"], line["due"]) for told, line in zip(items, asked, strict=True)]
    expected = [items[0].date(one) for one in case["expect"]["line_dates"]]
    assert dates(await shop.ask(*lines)) == expected
    assert dates(await shop.ask(*lines, ship_complete=True)) == [max(expected)] * len(lines)


async def amend_without_pulling_in(shop: Shop, case: Json) -> None:
    """Promised for the 20th; then its supply is to come on the 15th, and five more on the 25th."""
    raised, lowered = case["ask"]["changes"]
    for quantity, expected in zip((15, 8), case["expect"]["new_promise"], strict=True):
        told = await Told.of(shop, "07-10")
        receipt = await shop.order_supply(told.sku, 10, told.offset(case["given"]["current_promise"]))
        await shop.heard(told.sku)
        order = await shop.order(told.line(10, line_ref="1"))
        assert dates(order) == [told.date(case["given"]["current_promise"])]
        await shop.order_supply(told.sku, 10, told.offset(lowered["possible_from"]), receipt_id=receipt)
        await shop.order_supply(told.sku, 5, told.offset(raised["possible_from"]))
        await shop.heard(told.sku)
        assert await shop.atp(told.sku, told.offset(lowered["possible_from"]), owner=order["order_id"]) == 10, "it could come earlier"
        amended = ok(await shop.amend(order["order_id"], {"line_ref": "1", "quantity": quantity}))
        assert dates(amended) == [told.date(expected)]


async def ask_and_change_nothing(shop: Shop, case: Json) -> None:
    given = case["given"]
    told = await Told.of(shop, "D", given["on_hand"], [{"date": "D+7", "qty": 1}])
    await shop.order(told.line(given["order"]["reserved"]))
    before = await shop.book(told.sku)
    await shop.ask(told.line(given["order"]["qty"]), allow_partial=True)
    after = await shop.book(told.sku)
    assert (after["version"], after["days"]) == (before["version"], before["days"])
    assert after["days"][0]["claims"][0]["date"] == day(0)


async def order_what_there_is(shop: Shop, case: Json) -> None:
    told = await Told.of(shop, "D", case["given"]["on_hand"], decimals=1)
    answers = [await shop.order(told.line(quantity), allow_partial=True) for quantity in case["ask"]["moves"]]
    assert sorted(promised(answer) for answer in answers) == case["expect"]["assigned"]
    assert all(answer["outcome"] == "full" for answer in answers) == case["expect"]["success"]
    assert await shop.atp(told.sku) == 0


async def ask_beside_reservations(shop: Shop, case: Json) -> None:
    given = case["given"]
    told = await Told.of(shop, "D", given["on_hand"]["L1"])
    await shop.order(told.line(given["reserved"]["L1"]))
    outcomes = [(await shop.ask(told.line(quantity)))["outcome"] for quantity in case["ask"]["qty"]]
    assert [outcome == "full" for outcome in outcomes] == case["expect"]["ok"]


async def order_all_or_nothing(shop: Shop, case: Json) -> None:
    given = case["given"]
    first, second, _ = SITES
    told = await Told.of(shop, "D", given["on_hand"]["W1"], site=first)
    await shop.stocked(given["on_hand"]["W2"], sku=told.sku, site=second)
    await shop.order(told.line(given["allocated_before_total"], sites=[first]))
    before = [(await shop.book(told.sku, site))["version"] for site in (first, second)]
    refused(await shop.try_order(told.line(case["ask"]["qty"]), allow_partial=True, ship_complete=True), 409, "CANNOT_PROMISE")
    assert [(await shop.book(told.sku, site))["version"] for site in (first, second)] == before
    free = [await shop.atp(told.sku, site=site) for site in (first, second)]
    assert sum(free) == sum(given["on_hand"].values()) - given["allocated_before_total"]


async def order_when_complete(shop: Shop, case: Json) -> None:
    quantity = case["ask"]["qty"]
    told = await Told.of(shop, "D", case["given"]["stock"])
    problem = refused(await shop.try_order(told.line(quantity)), 409, "CANNOT_PROMISE")
    assert promised(problem["offer"]) == case["expect"]["released"]
    await shop.count(told.sku, 10)
    await shop.heard(told.sku)
    assert promised(await shop.order(told.line(quantity))) == case["expect"]["then_stock_10_released"]


async def order_first_come(shop: Shop, case: Json) -> None:
    told = await Told.of(shop, "D", case["given"]["stock"])
    first = case["given"]["orders"][0]
    await shop.order(told.line(first["confirmed"]), priority=first["priority"])
    assert await shop.atp(told.sku) == case["expect"]["available"]
    assert promised(await shop.ask(told.line(5000), allow_partial=True)) == case["expect"]["confirmed"]


async def order_with_urgency(shop: Shop, case: Json) -> None:
    """All are promised while there is enough; then only so much is left, and one has become urgent. What the others had is not covered."""
    given, first = case["given"], case["given"]["orders"][0]
    told = await Told.of(shop, first["date"][:10], sum(one["qty"] for one in given["orders"]))
    orders: dict[int, str] = {}
    for one in given["orders"]:
        orders[one["ref"]] = (await shop.order(told.line(one["qty"], one["date"][:10])))["order_id"]
    for ref in given["urgent"]:
        ok(await shop.amend(orders[ref], priority=1))
    await shop.count(told.sku, given["stock"])

    async def served() -> bool:
        lines = {ref: (await shop.read(order_id))["lines"][0] for ref, order_id in orders.items()}
        found = {ref: 0 if line["at_risk"] else line["quantity"] for ref, line in lines.items()}
        return bool(found == case["expect"]["promised"])

    await eventually(served, what="who is served")
    body = {"scope": {"skus": [told.sku]}, "strategies": {"default": "fill"}}
    anew = ok(await shop.quote.post("/v1/repromise", json=body))
    unserved = {orders[ref] for ref, quantity in case["expect"]["promised"].items() if not quantity}
    assert {one["order_id"] for one in anew["losers"] if one["unsupplied"]} == unserved
    assert anew["unchanged"] == len(orders) - len(unserved)


async def ask_beside_safety_stock(shop: Shop, case: Json) -> None:
    told = await Told.of(shop, "D", case["given"]["stock"], safety_stock=case["expect"]["protected"])
    assert await shop.atp(told.sku) == case["expect"]["available"]
    answer = await shop.ask(told.line(case["ask"]["qty"]), allow_partial=True)
    assert (promised(answer), short(answer)) == (case["expect"]["confirmed"], case["expect"]["open"])


async def at_sites(shop: Shop, quantities: Sequence[float]) -> Told:
    first, *others = zip(SITES, quantities, strict=False)
    told = await Told.of(shop, "D", first[1], site=first[0])
    for site, quantity in others:
        await shop.stocked(quantity, sku=told.sku, site=site)
    return told


async def ask_sites(shop: Shop, case: Json) -> None:
    told = await at_sites(shop, case["given"]["on_hand"])
    answer = await shop.ask(told.line(case["ask"]["qty"]), allow_partial=True)
    assert (answer["outcome"] == "full") == case["expect"]["accepted"]
    if case["expect"]["accepted"]:
        assert len(delivered(answer)) == case["expect"]["packages"]


async def ask_collection_point(shop: Shop, case: Json) -> None:
    on_hand = case["given"]["on_hand"]
    told = await at_sites(shop, list(on_hand.values()))
    names = dict(zip(on_hand, SITES, strict=True))
    first = case["ask"]["collection_point"]
    sites = [names[first], *(site for site in SITES if site != names[first])]
    answer = await shop.ask(told.line(case["ask"]["qty"], sites=sites))
    assert deliveries(answer["lines"][0]) == [(names[first], case["expect"]["allocated"][first], day(0))]


async def ask_stock_first(shop: Shop, case: Json) -> None:
    stock, ship = case["given"]["batches"]
    told = await Told.of(shop, "D", stock["qty"], [{"date": ship["eta"], "qty": ship["qty"]}])
    line = (await shop.ask(told.line(case["ask"]["qty"])))["lines"][0]
    assert [(peg["source"], peg["quantity"]) for peg in line["pegging"]] == [("on_hand", case["ask"]["qty"])]


async def order_at_once(shop: Shop, case: Json) -> None:
    told = await Told.of(shop, "D", case["given"]["on_hand"])
    parallel, quantity = case["ask"]["parallel"], case["ask"]["qty_each"]
    answers = await asyncio.gather(*(shop.try_order(told.line(quantity)) for _ in range(parallel)))
    accepted = sum(answer.status_code == 200 for answer in answers)
    assert accepted == case["expect"]["accepted"]
    assert sum(answer.status_code == 409 for answer in answers) == parallel - accepted
    claimed = sum(claim["quantity"] for one in (await shop.book(told.sku))["days"] for claim in one["claims"])
    assert claimed == case["expect"].get("reserved_total", case["expect"].get("allocated_counter"))


async def pick_early_enough(shop: Shop, case: Json) -> None:
    """Asked ten days ahead, so that there is time: the claim stands so many days before the delivery."""
    given = case["given"]
    handling = given.get("outbound_handling_days", given.get("security_days", 0))
    site = await at_a_site(shop, pick_pack_days=handling)
    sku = await shop.stocked(10, site=site)
    line = a_line(sku, 10, sites=[site], requested_date=day(10))
    if transit := given.get("shipping_days", 0):
        ok(await shop.inventory.put(f"/v1/lanes/{a_name('LANE')}", json={"from_site": site, "to": "DE", "transit_days": transit}))
        line["ship_to"] = "DE"

    async def known() -> bool:
        return dates(await shop.ask(line)) == [day(10)]

    await eventually(known, what="the lane")
    await shop.order(line)
    claims = [claim["date"] for one in (await shop.book(sku, site))["days"] for claim in one["claims"]]
    assert claims == [day(10 - handling - transit)]
    if "pick_scheduled" in case["expect"]:
        expected = day_of(given["order"]) + given["customer_lead_days"] - day_of(case["expect"]["pick_scheduled"])
    else:
        expected = day_of(case["ask"]["requested_delivery"]) - day_of(case["expect"]["earliest_ship"])
    assert handling + transit == expected


async def buy_the_remainder(shop: Shop, case: Json) -> None:
    """Whether it is made or bought, only what is not covered is planned."""
    told = await Told.of(shop, "D", case["given"]["on_hand_plus_scheduled"])
    await sold_by(shop, told, lead_time_days=3)
    answer = await shop.ask(told.line(case["ask"]["qty"], sites=["HAM"]))
    assert [one["quantity"] for one in answer["planned_supply"]] == [case["expect"]["ctp_qty"]]
    known = [peg["quantity"] for peg in answer["lines"][0]["pegging"] if not peg["source"].startswith("planned")]
    assert sum(known) == case["expect"]["atp_qty"]


async def buy_in_lots(shop: Shop, case: Json) -> None:
    given = case["given"]
    told = await Told.given(shop, case)
    await sold_by(shop, told, lead_time_days=given["lead_days"], minimum_quantity=given["min_lot"], multiple=given["lot_multiple"])
    planned = []
    for order, expected in zip(case["ask"]["orders"], case["expect"]["promises"], strict=True):
        answer = await shop.order(told.line(order["qty"], order["due"], sites=["HAM"]), allow_partial=True)
        assert delivered(answer) == told.plan(expected)
        planned += [one["quantity"] for one in answer["planned_supply"]]
    assert planned == [case["expect"]["purchase_qty"]]


async def wait_within_the_fence(shop: Shop, case: Json) -> None:
    given = case["given"]
    told = await Told.given(shop, case)
    await shop.item(told.sku, atp_fence_days=given["fence_days"])
    await sold_by(shop, told, lead_time_days=given["lead_time_days"])

    async def fenced() -> Json | None:
        answer = await shop.ask(told.line(case["ask"]["qty"], case["ask"]["due"], sites=["HAM"]), allow_partial=True)
        return answer if len(delivered(answer)) == len(case["expect"]["deliveries"]) else None

    assert delivered(await eventually(fenced, what="the fence")) == told.plan(case["expect"]["deliveries"])


async def a_network(shop: Shop, case: Json) -> tuple[str, dict[str, str]]:
    """The sites, lanes, suppliers and stock of a case; its sku, and what its sites are called here."""
    given = case["given"]
    sku = await shop.item()
    names = {name: await at_a_site(shop) for lane in given["transfer"] for name in lane.split("_")}
    ok(await shop.inventory.put("/v1/suppliers/WOOD", json={"name": "Wood"}))
    for lane, days in given["transfer"].items():
        here, there = lane.split("_")
        body = {"from_site": names[here], "to": names[there], "transit_days": days}
        ok(await shop.inventory.put(f"/v1/lanes/{a_name('LANE')}", json=body))
    for priority, (name, said) in enumerate(given["purchase"].items()):
        body = {"sku": sku, "site": names[name], "supplier": "WOOD", "lead_time_days": int(said.split()[0]), "priority": priority}
        ok(await shop.inventory.put(f"/v1/supplier-items/{a_name('TERMS')}", json=body))
    for name, quantity in given["on_hand"].items():
        await shop.stocked(quantity, sku=sku, site=names[name])
    return sku, names


async def move_through_the_network(shop: Shop, case: Json) -> None:
    asked, today = case["ask"], day_of(case["given"]["today"])
    sku, names = await a_network(shop, case)
    line = a_line(sku, asked["qty"], sites=[names[asked["site"]]], requested_date=day(day_of(asked["due"]) - today))

    async def planned() -> Json | None:
        answer = await shop.ask(line)
        return answer if answer["outcome"] == "full" else None

    answer = await eventually(planned, what="the network being known")
    starts = [one["latest_start_date"] for one in answer["planned_supply"] if one["kind"] == "purchase_order"]
    assert starts == [day(day_of(case["expect"]["purchase_start"]) - today)]


async def order_what_is_moved_at_once_and_the_rest(shop: Shop, case: Json) -> None:
    today = day_of(case["given"]["today"])
    sku, names = await a_network(shop, case)

    async def known() -> bool:
        return len(delivered(await shop.ask(a_line(sku, 50, sites=[names["LDC1a"]]), allow_partial=True))) > 1

    await eventually(known, what="the network being known")
    for order, expected in zip(case["ask"]["orders"], case["expect"]["promises"], strict=True):
        line = a_line(sku, order["qty"], sites=[names[order["site"]]], requested_date=day(day_of(order["due"]) - today))
        answer = await shop.order(line, allow_partial=True)
        assert delivered(answer) == [(day(day_of(when) - today), quantity) for when, quantity in expected]


async def allocated(shop: Shop, sku: str, kind: str, demand_class: str, **body: object) -> None:
    body |= {"kind": kind, "demand_class": demand_class, "sku": sku}
    ok(await shop.quote.put(f"/v1/allocations/{a_name('ALLOCATION')}", json=body))


async def a_class(shop: Shop) -> str:
    name = a_name("CLASS")
    ok(await shop.quote.put(f"/v1/classes/{name}", json={}))
    return name


async def ask_within_quotas(shop: Shop, case: Json) -> None:
    """Weekdays and months are part of the case: it is asked for a Thursday that lies in its month as that of the case does in January."""
    steps, wanted = case["given"]["steps"], today() + timedelta(days=14)
    while wanted.isoweekday() != 4 or wanted.day != 15:
        wanted += timedelta(days=1)
    moved = wanted - date(1998, 1, 15)
    site = await at_a_site(shop)
    ok(await shop.inventory.put(f"/v1/lanes/{a_name('LANE')}", json={"from_site": site, "to": "NEXT-WEEK", "transit_days": 7}))
    ok(await shop.inventory.put(f"/v1/lanes/{a_name('LANE')}", json={"from_site": site, "to": "NEXT-DOOR", "transit_days": 0}))
    expected = case["expect"]

    async def parts(used: Sequence[int], start: date, ship_to: str) -> list[tuple[date, date, float]]:
        sku, who = await shop.stocked(1000, site=site), await a_class(shop)
        for step in used:
            await allocated(shop, sku, "ceiling", who, period=steps[step]["period"], quantity=steps[step]["quota"])
        line = a_line(sku, case["ask"]["qty"], requested_date=start.isoformat(), sites=[site], ship_to=ship_to)
        answer = await shop.order(line, allow_partial=True, demand_class=who)
        assert promised(answer) == case["ask"]["qty"]
        found = answer["lines"][0]["deliveries"]
        return [(date.fromisoformat(one["ship_date"]), date.fromisoformat(one["delivery_date"]), one["quantity"]) for one in found]

    assert [[(there - moved).isoformat(), quantity] for _, there, quantity in await parts([0], wanted, "NEXT-DOOR")] == expected["step1"]
    weeks = await parts([1], wanted, "NEXT-WEEK")
    assert [[f"W{(ship - moved).isocalendar().week:02}", quantity] for ship, _, quantity in weeks] == expected["step2"]
    days = await parts([1, 2], wanted - timedelta(days=3), "NEXT-DOOR")
    assert {quantity for _, _, quantity in days} == {expected["step3_qty_each"]}
    assert {(ship - moved).strftime("%m-%d") for ship, _, _ in days} >= set(expected["step3_days"])


async def ask_targets(shop: Shop, case: Json) -> None:
    told = await Told.of(shop, "D", case["given"]["supply"])
    classes = {name: await a_class(shop) for name in case["given"]["targets"]}
    for name, quantity in targets_of(case).items():
        await allocated(shop, told.sku, "floor", classes[name], sites=["HAM"], quantity=quantity, release_date=day(30))
        await allocated(shop, told.sku, "ceiling", classes[name], quantity=quantity)
    for name, quantity in case["expect"]["promisable"].items():
        asked = told.line(case["given"]["supply"])
        assert promised(await shop.ask(asked, allow_partial=True, demand_class=classes[name])) == quantity
        book = await shop.book(told.sku, demand_class=classes[name])
        assert book["days"][0]["atp"] == quantity


async def order_with_a_substitute(shop: Shop, case: Json) -> None:
    atp = case["given"]["atp"]
    instead = await shop.stocked(float(str(atp["P2"]).split()[-1]))
    sku = await shop.stocked(atp["P1"])
    await shop.item(sku, substitutes=[instead])
    line = a_line(sku, case["ask"]["qty"], sites=["HAM"], allow_substitutes=True)

    async def known() -> bool:
        return bool((await shop.ask(line))["outcome"] == "full")

    await eventually(known, what="the substitute")
    answer = await shop.order(line)
    names = {None: "P1", instead: "P2"}
    confirmed = [{"item": names[one["sku"]], "qty": one["quantity"]} for one in answer["lines"][0]["deliveries"]]
    assert confirmed == case["expect"]["confirmed"]
    assert [await shop.atp(one) for one in (sku, instead)] == [0, 0]


BY_API: dict[str, Callable[[Factory, Json], Awaitable[None]]] = {
    **days_by_api.ASKED,
    **works_by_api.ASKED,
    "oracle-period-atp": ask_periods,
    "sap-allocation-3-steps": ask_within_quotas,
    "oracle-alloc-number": ask_targets,
    "oracle-alloc-ratio": ask_targets,
    "stevenson-pumps-week1": ask_pumps,
    "bc-two-receipts-needed": ask_earliest,
    "bc-receipt-after-request": ask_earliest,
    "iv-step3": ask_table,
    "iv-step5": ask_table,
    "iv-step7-roll": ask_table,
    "frepple-material-1": order_in_turn,
    "frepple-material-3": order_in_turn,
    "frepple-material-4": order_in_turn,
    "frepple-future-commitment-held": ask_split,
    "frepple-policy-B": ask_split,
    "frepple-policy-D": ask_split,
    "frepple-policy-F": ask_split,
    "frepple-policy-H-independent": ask_independent_lines,
    "sapb1-schedule": ask_schedule,
    "d365-promise-not-improved": amend_without_pulling_in,
    "bc-check-does-not-move-reservations": ask_and_change_nothing,
    "tryton-assign-2": order_what_there_is,
    "tryton-assign-4": order_what_there_is,
    "medusa-confirm": ask_beside_reservations,
    "saleor-all-or-nothing": order_all_or_nothing,
    "oca-ship-complete": order_when_complete,
    "sap-bop-first-come": order_first_come,
    "sap-pass-protected": ask_beside_safety_stock,
    "oca-ordered-atp-urgent-4": order_with_urgency,
    "oca-ordered-atp-urgent-5": order_with_urgency,
    "solidus-split-2": ask_sites,
    "solidus-split-4": ask_sites,
    "solidus-split-6": ask_sites,
    "saleor-collection-point": ask_collection_point,
    "cosmic-stock-first": ask_stock_first,
    "conc-last-unit": order_at_once,
    "conc-no-lost-update": order_at_once,
    "bc-handling-and-shipping-backward": pick_early_enough,
    "odoo-security-lead": pick_early_enough,
    "bc-ctp-remainder": buy_the_remainder,
    "frepple-supplier-lot": buy_in_lots,
    "frepple-autofence-2": wait_within_the_fence,
    "sap-substitution": order_with_a_substitute,
    "frepple-multisite-1a": order_what_is_moved_at_once_and_the_rest,
    "frepple-multisite-2": move_through_the_network,
}


@pytest.mark.parametrize("name", BY_API)
async def test_the_case_comes_out_the_same_through_the_public_doors(shop: Factory, name: str) -> None:
    await BY_API[name](shop, CASES[name])


def test_every_case_that_the_kernel_answers_is_asked_here() -> None:
    assert sorted(BY_API) == sorted(ADAPTERS)

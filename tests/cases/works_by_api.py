"""Others' cases of making and buying through the public doors: bills, routings and resources told to capacity."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from tests.cases.told import Told, short, sold_by
from tests.service.quote.factory import Factory
from tests.service.quote.shop import Json, a_line, dates, day


async def buy_with_days_until_usable(shop: Factory, case: Json) -> None:
    """The safety time that always counts is days from arrival until usable. Bought once for all of them, or each for itself."""
    given = case["given"]
    told = await Told.given(shop, case)
    await shop.item(told.sku, dock_to_stock_days=given["hard_safety_lead_days"])
    await sold_by(shop, told, lead_time_days=given["lead_days"])
    orders, expected = case["ask"]["orders"], case["expect"]["promises"]
    await shop.promised(told.line(orders[0]["qty"], orders[0]["due"], sites=["HAM"]), told.offset(expected[0]))
    found = [dates(await shop.order(told.line(one["qty"], one["due"], sites=["HAM"]))) for one in orders]
    assert found == [[told.date(promised)] for promised in expected]


async def make_on_many_levels(shop: Factory, case: Json) -> None:
    """Their steps follow one another by the hour, ours by the day: each level begins the day after the one before has ended."""
    site = await shop.site()
    skus: dict[str, str] = {}
    hours = {"4A": 48 + 1, "4B": 1, "3A": 24 + 6, "3B": 12, "L2": 24 + 12, "L1": 24}
    parts = {"3A": ["4A"], "3B": ["4B"], "L2": ["3A", "3B"], "L1": ["L2"]}
    for name, each in hours.items():
        skus[name] = await shop.item()
        step = {"sequence": 10, "name": "make", "fixed_minutes": each * 60}
        await shop.put(f"routings/{skus[name]}", routings=[{"site": site, "operations": [step]}])
        if name in parts:
            await shop.put(f"boms/{skus[name]}", components=[{"component": skus[one], "quantity_per": 1} for one in parts[name]])
    line = a_line(skus["L1"], case["ask"]["qty"], sites=[site])
    chain = [hours[name] for name in case["expect"]["critical_path"]]
    asked, answered = datetime.fromisoformat(case["given"]["today"]), datetime.fromisoformat(case["expect"]["deliveries"][0][0])
    assert sum(chain) == (answered - asked).total_seconds() / 3600
    await shop.promised(line, sum(-(-each // 24) for each in chain))
    planned = (await shop.ask(line))["planned_supply"]
    critical = [one["sku"] for one in planned if one["latest_start_date"] == one["start_date"]]
    assert critical == [skus[name] for name in case["expect"]["critical_path"]]


async def refuse_what_no_capacity_is_left_for(shop: Factory, case: Json) -> None:
    """A lot a day from tomorrow on, because of today only what is left by the clock is offered; all want it for the same day."""
    sku, site, last = await shop.item(), await shop.site(), 3
    machine = await shop.machine(site, await shop.calendar(closed=(0,)))
    step = {"sequence": 10, "name": "make", "setup_minutes": 1440, "resources": [{"resource": machine}]}
    await shop.put(f"routings/{sku}", routings=[{"site": site, "operations": [step]}])
    wishes = {"sites": [site], "requested_date": day(last), "latest_acceptable_date": day(last)}
    await shop.promised(a_line(sku, 1, **wishes), last)
    found = []
    for order in case["ask"]["orders"]:
        line = a_line(sku, order["qty"], **wishes)
        answer = await shop.try_order(line)
        found.append(short(answer.json() if answer.status_code == 200 else answer.json()["offer"]))
    assert found == case["expect"]["short"]
    assert [one["free_minutes"] for one in await shop.loads(machine, 1, 2)] == [0, 0]


ASKED: dict[str, Callable[[Factory, Json], Awaitable[None]]] = {
    "frepple-supplier-safety-lead": buy_with_days_until_usable,
    "frepple-ctp-multilevel": make_on_many_levels,
    "frepple-capacity-refuse": refuse_what_no_capacity_is_left_for,
}

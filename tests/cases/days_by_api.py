"""Others' cases of clocks, weekdays and late receipts through the public doors.

A running installation has its own clock. So a site is opened where it is noon, its cut-off set as long before or after noon as the
case's is before or after the case's hour, and calendars are turned until today has the weekday of the case's day.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, date, datetime, time, timedelta

from tests.cases.kernel.shelf import day_of
from tests.cases.told import Told, at_a_site
from tests.service.quote.factory import Factory
from tests.service.quote.shop import Json, a_line, a_name, day, eventually, ok, today

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOON = 12


def where_it_is_noon() -> str:
    """A time zone whose clock shows between twelve and one."""
    east = NOON - datetime.now(UTC).hour  # noqa: TID251 -- the caller's own clock
    return "Etc/GMT" if east == 0 else f"Etc/GMT{-east:+d}"


def cut_off_as_far(ordered: time, cut_off: time) -> str:
    """A cut-off on the same day, as far from now, where it is noon, as the case's is from its hour; never across midnight."""
    apart = (cut_off.hour * 60 + cut_off.minute) - (ordered.hour * 60 + ordered.minute)
    now = datetime.now(UTC)  # noqa: TID251 -- the caller's own clock
    minute = min(max(NOON * 60 + now.minute + apart, 0), 24 * 60 - 1)
    return f"{minute // 60:02d}:{minute % 60:02d}"


async def a_turned_calendar(shop: Factory, case_day: date, open_weekdays: Collection[str], closed: Collection[str] = ()) -> str:
    """A calendar on which today is the weekday that the case's day is."""
    weekly = {
        WEEKDAYS[(today().weekday() + ahead) % 7]: 480 if WEEKDAYS[(case_day.weekday() + ahead) % 7] in open_weekdays else 0
        for ahead in range(7)
    }
    name = a_name("CAL")
    exceptions = [{"date": day((date.fromisoformat(one) - case_day).days), "minutes": 0} for one in closed]
    await shop.put(f"calendars/{name}", name=name, weekly=weekly, exceptions=exceptions)
    return name


async def ask_table_without_late_receipts(shop: Factory, case: Json) -> None:
    """How long a late receipt is waited for is a policy; there it is 0 days."""
    told = await Told.given(shop, case)
    ok(await shop.quote.put(f"/v1/policies/{a_name('POLICY')}", json={"sku": told.sku, "past_due_limit_days": 0}))
    wanted = [told.offset(when) for when in case["ask"]["table"]]

    async def table() -> bool:
        days = await told.days(wanted[0], wanted[-1])
        return [[one["projected"], one["atp"]] for one in days] == [
            list(both) for both in zip(case["expect"]["projected"], case["expect"]["atp"], strict=True)
        ]

    assert await eventually(table, what="the table")


async def ask_old_receipt(shop: Factory, case: Json) -> None:
    given = case["given"]
    sku = await shop.item()
    limits = {"past_due_limit_days": given["backward_supply_fence_days"], "past_due_offset_days": given["delayed_supply_offset_days"]}
    ok(await shop.quote.put(f"/v1/policies/{a_name('POLICY')}", json={"sku": sku, **limits}))
    for one in given["supply"]:
        await shop.order_supply(sku, one["qty"], day_of(one["date"]) - day_of("D"))
    expected = {day_of(when) - day_of("D"): quantity for when, quantity in case["expect"]["atp"].items()}

    async def known() -> bool:
        line = (await shop.ask(a_line(sku)))["lines"][0]
        return bool(line["promised_date"] == day(max(expected)))

    await eventually(known, what="the receipt that is not late")
    assert {offset: await shop.atp(sku, offset) for offset in expected} == expected
    assert (await shop.ask(a_line(sku, case["ask"]["qty"])))["outcome"] == "none"


async def ask_handling_over_a_closed_day(shop: Factory, case: Json) -> None:
    given = case["given"]
    start = day_of(case["ask"]["shipment_date"])
    calendar = await shop.calendar(closed=tuple(day_of(one) - start for one in given["non_working"]))
    site = await shop.site(calendar=calendar, pick_pack_days=given["outbound_handling_days"])
    await shop.told_of(f"lanes/{a_name('LANE')}", from_site=site, to="DE", transit_days=given["shipping_days"])
    sku = await shop.stocked(10, site=site)
    line = a_line(sku, 10, sites=[site], ship_to="DE")
    await shop.promised(line, day_of(case["expect"]["planned_delivery"]) - start)
    (delivery,) = (await shop.ask(line))["lines"][0]["deliveries"]
    assert delivery["ship_date"] == day(day_of(case["expect"]["planned_shipment"]) - start)


async def ask_next_working_day(shop: Factory, case: Json) -> None:
    """Asked at closing time: an hour after the cut-off, as far as days go."""
    given = case["given"]
    assert given["calendar"] == "Mon-Fri 09-17"
    for asked, expected in zip(case["ask"]["next_open_after"], case["expect"]["answers"], strict=True):
        case_day = date.fromisoformat(asked[:10])
        calendar = await a_turned_calendar(shop, case_day, WEEKDAYS[:5], given["holidays"])
        site = await at_a_site(shop, time_zone=where_it_is_noon(), calendar=calendar, cut_off_time=cut_off_as_far(time(18), time(17)))
        sku = await shop.stocked(10, site=site)
        await shop.promised(a_line(sku, sites=[site]), (date.fromisoformat(expected[:10]) - case_day).days)


async def ask_receiving_days(shop: Factory, case: Json) -> None:
    """The end of the customer's window is the cut-off of what could arrive that day."""
    given, asked = case["given"], case["ask"]
    now = datetime.fromisoformat(asked["now"])
    names = {name[:3].title(): name for name in WEEKDAYS}
    calendar = await a_turned_calendar(shop, now.date(), [names[name] for name in given["weekdays"].split()])
    customer = a_name("ACME")
    ok(await shop.quote.put(f"/v1/customers/{customer}", json={"name": customer, "calendar": calendar}))
    cut_off = cut_off_as_far(now.time(), time.fromisoformat(given["receiving_window"].partition("-")[2]))
    site = await at_a_site(shop, time_zone=where_it_is_noon(), cut_off_time=cut_off)
    await shop.told_of(f"lanes/{a_name('LANE')}", from_site=site, to="BE", transit_days=asked["lead_days"])
    sku = await shop.stocked(10, site=site)
    expected = date.fromisoformat(case["expect"]["delivery"][:10]) - now.date()
    await shop.promised(a_line(sku, sites=[site], ship_to="BE"), expected.days, customer=customer)


async def ask_beside_a_cut_off(shop: Factory, case: Json) -> None:
    """Theirs is the instant of the cut-off on the day on which the order is handled; both are read on the clock of the site."""
    summer_or_not = timedelta(hours=1) if case["given"]["tz"] == "Europe/Brussels" else timedelta()
    now = datetime.fromisoformat(case["ask"]["now"]) + summer_or_not
    cut_off = cut_off_as_far(now.time(), time.fromisoformat(case["given"]["cutoff"]))
    site = await at_a_site(shop, time_zone=where_it_is_noon(), cut_off_time=cut_off)
    sku = await shop.stocked(10, site=site)
    expected = datetime.fromisoformat(case["expect"]["expected"]).date() - now.date()
    await shop.promised(a_line(sku, sites=[site]), expected.days)


ASKED: dict[str, Callable[[Factory, Json], Awaitable[None]]] = {
    "iv-step8-late-receipt": ask_table_without_late_receipts,
    "d365-fence-excludes-old": ask_old_receipt,
    "bc-calendar-2": ask_handling_over_a_closed_day,
    "frepple-calendar-holidays": ask_next_working_day,
    "oca-window-2": ask_receiving_days,
    "oca-window-4": ask_receiving_days,
    "oca-window-6": ask_receiving_days,
    "oca-cutoff-1": ask_beside_a_cut_off,
    "oca-cutoff-3": ask_beside_a_cut_off,
    "oca-cutoff-5": ask_beside_a_cut_off,
}

"""Which step takes which days: lateness is supply's, closed days are the calendar's; and why a site can never serve."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import Way
from services.quote.domain.promise import Demand, LinePromise, promise
from tests.examples import examples
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, receipt


def weekly(*works: int) -> Calendar:
    """Monday is 0."""
    return Calendar(tuple(480 if day in works else 0 for day in range(7)), {})


WEEKDAYS = weekly(0, 1, 2, 3, 4)
"""TODAY is a Tuesday: day 4 is a Saturday, day 6 a Monday."""


def way(site: Calendar = EVERY_DAY, carrier: Calendar = EVERY_DAY, transit: int = 0, packing: int = 0) -> Way:
    return Way(site, packing, carrier, transit, EVERY_DAY, TODAY, "LANE")


def asked(due: int, wanted: int, by: Way) -> LinePromise:
    shelf = AShelf(a_book(receipt("PO", 5, due)))
    shelf.way["HAM", "DE"] = by
    return promise(Demand((a_line(5, wanted, ship_to="DE"),)), shelf).lines[0]


def days(line: LinePromise) -> list[tuple[str, str, int]]:
    return [(reason.step, reason.code, reason.adds_days) for reason in line.reasons if reason.adds_days]


def test_closed_days_after_a_late_receipt_are_the_calendars() -> None:
    weekend = asked(4, 3, way(WEEKDAYS))
    assert days(weekend) == [("supply", "AWAIT_SUPPLY", 1), ("calendar", "CLOSED_DAYS", 2)]
    assert (weekend.reasons[-1].summary, weekend.limiting_step) == ("HAM ships again on Mon 7 Dec 2026", "calendar")
    assert days(asked(8, 6, way(WEEKDAYS))) == [("supply", "AWAIT_SUPPLY", 2)], "no closed day lies between"


def test_a_carriers_closed_days_are_the_calendars_too_and_transit_stays_transport() -> None:
    late = asked(3, 0, way(carrier=WEEKDAYS, transit=1))
    assert days(late) == [("supply", "AWAIT_SUPPLY", 3), ("calendar", "CLOSED_DAYS", 2), ("transport", "TRANSIT", 1)]


def in_stock(wanted: int, by: Way, today: int = TODAY) -> LinePromise:
    shelf = AShelf(a_book(on_hand=5), today=today)
    shelf.way["HAM", "DE"] = replace(by, first_pick=max(today, by.first_pick or today))
    return promise(Demand((a_line(5, wanted, ship_to="DE"),)), shelf).lines[0]


def test_closed_days_on_the_way_of_what_is_in_stock_are_the_calendars_and_name_whoever_rests() -> None:
    """Ordered on Thursday: two days of transit would be Saturday, were the carrier to travel at the weekend."""
    carrier = in_stock(3, way(carrier=WEEKDAYS, transit=2), TODAY + 2)
    assert days(carrier) == [("calendar", "CLOSED_DAYS", 2), ("transport", "TRANSIT", 1)]
    assert (carrier.reasons[-2].summary, carrier.reasons[-2].ref) == ("closed days on the way from HAM, there on Mon 7 Dec 2026", "LANE")
    assert (carrier.reasons[-1].summary, carrier.limiting_step) == ("two days on the way to DE", "calendar")
    in_time = in_stock(4, way(carrier=WEEKDAYS, transit=2), TODAY + 2)
    assert days(in_time) == [("calendar", "CLOSED_DAYS", 2)], "on Saturday it would have been there"
    collected = in_stock(1, way(carrier=weekly(5), transit=0))
    assert [(one.code, one.summary, one.ref) for one in collected.reasons if one.adds_days] == [
        ("CLOSED_DAYS", "LANE collects again on Sat 5 Dec 2026", "LANE")
    ]
    received = in_stock(1, replace(way(transit=1), receiving_calendar=weekly(4)))
    assert [(one.code, one.summary) for one in received.reasons if one.adds_days] == [
        ("CLOSED_DAYS", "nothing is received before Fri 4 Dec 2026")
    ]
    packed = in_stock(4, way(WEEKDAYS, packing=2), TODAY + 3)
    assert days(packed) == [("calendar", "CLOSED_DAYS", 2), ("transport", "TRANSIT", 1)]
    assert packed.reasons[-2].summary == "HAM ships again on Tue 8 Dec 2026"


def test_closed_days_name_who_it_waited_for_longest_and_of_equals_whoever_came_first() -> None:
    def closed(line: LinePromise) -> list[tuple[str, str | None, int]]:
        return [(one.summary, one.ref, one.adds_days) for one in line.reasons if one.code == "CLOSED_DAYS"]

    shelf = AShelf(a_book(receipt("PO", 5, 4)))
    shelf.way["HAM", None] = Way(WEEKDAYS, 0, EVERY_DAY, 0, EVERY_DAY, TODAY, None)
    fetched = promise(Demand((a_line(5, 3),)), shelf).lines[0]
    assert closed(fetched) == [("HAM ships again on Mon 7 Dec 2026", "HAM", 2)]
    assert closed(in_stock(0, way(carrier=weekly(3), packing=1))) == [("LANE collects again on Thu 3 Dec 2026", "LANE", 1)]
    tie = replace(way(weekly(1, 3), packing=1), receiving_calendar=weekly(4))
    assert closed(in_stock(0, tie)) == [("HAM ships again on Thu 3 Dec 2026", "HAM", 2)]


def test_without_a_lane_nothing_is_on_the_way() -> None:
    """On a Saturday, for pick-up on the same day."""
    shelf = AShelf(a_book(on_hand=5), today=TODAY + 4)
    shelf.way["HAM", None] = Way(WEEKDAYS, 0, EVERY_DAY, 0, EVERY_DAY, TODAY + 6, None)
    assert days(promise(Demand((a_line(5, 4),)), shelf).lines[0]) == [("calendar", "CLOSED_DAYS", 2)]


CALENDARS = st.sampled_from([EVERY_DAY, WEEKDAYS, weekly(1, 3), weekly(5)])


@examples(100)
@given(st.integers(0, 12), st.integers(-2, 12), CALENDARS, CALENDARS, st.integers(0, 3), st.integers(0, 2))
def test_the_days_sum_to_the_slip_in_the_order_of_the_steps_and_without_closed_days_none_is_the_calendars(
    due: int, wanted: int, site: Calendar, carrier: Calendar, transit: int, packing: int
) -> None:
    order = ["request", "stock", "allocation", "supply", "capacity", "calendar", "transport"]
    line = asked(due, wanted, way(site, carrier, transit, packing))
    assert sum(added for _, _, added in days(line)) == line.slip_days
    steps = [order.index(step) for step, _, _ in days(line)]
    assert steps == sorted(steps)
    free = asked(due, wanted, way(EVERY_DAY, EVERY_DAY, transit, packing))
    assert all(step != "calendar" for step, _, _ in days(free))
    late = sum(added for step, _, added in days(line) if step == "supply")
    assert late <= due, "supply is charged no more days than it is away"


@examples(200)
@given(st.integers(-2, 12), CALENDARS, CALENDARS, CALENDARS, st.integers(0, 3), st.integers(0, 2), st.integers(0, 6), st.integers(0, 2))
def test_of_what_is_in_stock_transport_adds_what_it_would_if_every_day_were_open_and_the_order_in_time(
    wanted: int, site: Calendar, carrier: Calendar, receiving: Calendar, transit: int, packing: int, today: int, after_cut_off: int
) -> None:
    """Cut-off and closed days are the calendar's: all that would not be if nobody ever rested and the clock stood before the cut-off."""
    now = TODAY + today
    first = site.on_or_after(now + after_cut_off)
    line = in_stock(wanted, Way(site, packing, carrier, transit, receiving, first, "LANE"), now)
    free = in_stock(wanted, Way(EVERY_DAY, packing, EVERY_DAY, transit, EVERY_DAY, now, "LANE"), now)
    assume(line.deliveries)  # a site and a carrier that never work on the same day deliver nothing
    charged = days(line)
    assert sum(added for _, _, added in charged) == line.slip_days
    assert [one for one in charged if one[0] != "calendar"] == days(free)
    assert all(added > 0 for _, _, added in charged)


def test_sites_that_can_never_serve_are_named_with_the_reason() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(on_hand=9, site="BER"))
    shelf.way["HAM", "DE"] = way()
    line = a_line(5, sites=("HAM", "BER", "ULM"), ship_to="DE", unknown_sites=("NOWHERE",))
    found = promise(Demand((line,)), shelf).lines[0]
    assert [(one.alternative, one.site, one.deliveries, one.lost_because) for one in found.alternatives] == [
        ("a1", "NOWHERE", (), "UNKNOWN_SITE"),
        ("a2", "BER", (), "NO_LANE"),
        ("a3", "ULM", (), "NO_BOOK"),
    ]
    assert found.outcome == "full"

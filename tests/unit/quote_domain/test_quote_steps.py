"""Which step takes which days: lateness is supply's, closed days are the calendar's; and why a site can never serve."""

from hypothesis import given
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

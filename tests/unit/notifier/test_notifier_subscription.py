"""Who is told what, when, how often, and never twice."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.alert import settle
from services.notifier.domain.line import Danger, Line, Severity, endangered
from services.notifier.domain.message import Composed, Known, about_alert, about_line, compose
from services.notifier.domain.retrying import DELAYS_SECONDS, next_delay
from services.notifier.domain.subscription import Digest, Event, Filters, QuietHours, due_at, next_digest, quiet_until, wants_danger
from tests.unit.notifier.notifier_builders import NOW, a_line, a_risk, a_subscription, an_alert

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
instants = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- Hypothesis adds the zone


@given(clocks, clocks, st.sampled_from(ZONES), instants)
def test_quiet_hours_end_later_within_a_day_and_at_their_local_time(begins: time, ends: time, zone: str, now: datetime) -> None:
    until = quiet_until(QuietHours(begins, ends, zone), now)
    clock = now.astimezone(ZoneInfo(zone)).time()
    inside = begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
    assert (until is not None) == inside
    if until is not None:
        assert now < until <= now + timedelta(hours=26)
        local = until.astimezone(ZoneInfo(zone)).time()
        skipped = local != ends
        assert (
            not skipped
            or (until - timedelta(hours=2)).astimezone(ZoneInfo(zone)).utcoffset() != until.astimezone(ZoneInfo(zone)).utcoffset()
        )


@given(clocks, st.sampled_from(ZONES), instants)
def test_the_next_digest_is_ahead_and_at_most_a_day_and_a_clock_change_away(at: time, zone: str, now: datetime) -> None:
    assert now < next_digest(Digest(at, zone), now) <= now + timedelta(hours=26)


def test_critical_news_come_through_quiet_hours_unless_they_are_not_to() -> None:
    night = QuietHours(time(20), time(7), "Europe/Berlin")
    now, gather = datetime(2026, 11, 21, 22, tzinfo=UTC), timedelta(seconds=1)
    morning = datetime(2026, 11, 22, 6, tzinfo=UTC)
    quiet = a_subscription(quiet_hours=night)
    assert due_at(quiet, now, gather, critical=False, snoozed_until=None) == morning
    assert due_at(quiet, now, gather, critical=True, snoozed_until=None) == now + gather
    strict = a_subscription(quiet_hours=QuietHours(time(20), time(7), "Europe/Berlin", except_critical=False))
    assert due_at(strict, now, gather, critical=True, snoozed_until=None) == morning
    assert due_at(a_subscription(), now, gather, critical=True, snoozed_until=morning) == morning


@given(st.floats(0, 1), st.integers(1, 9), st.one_of(st.none(), st.floats(0, 1e9)))
def test_retries_grow_spread_and_end_after_more_than_a_day(chance: float, failed: int, asked: float | None) -> None:
    delay = next_delay(DELAYS_SECONDS, failed, chance, asked)
    assert delay is not None
    assert DELAYS_SECONDS[failed] * 0.9 <= delay <= DELAYS_SECONDS[-1] * 1.1
    assert next_delay(DELAYS_SECONDS, len(DELAYS_SECONDS), chance) is None


def test_the_schedule_of_retries_grows_and_takes_more_than_a_day() -> None:
    assert all(later > earlier for earlier, later in pairwise(DELAYS_SECONDS))
    assert DELAYS_SECONDS[0] == 0
    assert 0.9 * sum(DELAYS_SECONDS) > 24 * 3600


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        (Filters(), True),
        (Filters(customer=("Nordrad", "x")), True),
        (Filters(customer=("x",)), False),
        (Filters(sku=("SKU-77",), site=("HAM", "MUC"), demand_class=("gold",), cause=("RECEIPT_RESCHEDULED",)), True),
        (Filters(site=("MUC",)), False),
        (Filters(demand_class=("silver",)), False),
        (Filters(cause=("STOCK_REDUCED",)), False),
        (Filters(minimum_slip_days=3), True),
        (Filters(minimum_slip_days=4), False),
        (Filters(minimum_value=3600), True),  # type: ignore[arg-type]
        (Filters(minimum_value=3601), False),  # type: ignore[arg-type]
    ],
)
def test_filters(filters: Filters, passes: bool) -> None:  # noqa: FBT001
    assert wants_danger(a_subscription(filters=filters), a_risk()) is passes


def test_what_is_hopeless_passes_a_minimum_slip_and_what_has_no_price_a_minimum_value() -> None:
    assert wants_danger(a_subscription(filters=Filters(minimum_slip_days=9)), a_risk(unsupplied=True, slip_days=0))
    assert wants_danger(a_subscription(filters=Filters(minimum_value=9)), a_risk(value=None))  # type: ignore[arg-type]
    assert not wants_danger(a_subscription(severity=Severity.CRITICAL), a_risk())


def _told(events: frozenset[Event], line: Line, told: dict[str, str]) -> Composed:
    alert = settle(an_alert(), [line] if endangered(line) else [], NOW) if endangered(line) else settle(an_alert(a_line()), [], NOW)
    known = Known({alert.id: alert}, {about_line(line): line}, {alert.id: [line]}, told)
    composed = compose(a_subscription(events=events), {about_line(line): alert.id, about_alert(alert.id): alert.id}, known)
    told.update(composed.told)
    return composed


@given(st.lists(st.tuples(st.sampled_from(Danger), st.integers(0, 2)), max_size=12), st.frozensets(st.sampled_from(Event), min_size=1))
def test_the_same_state_is_never_told_twice_in_a_row_and_the_last_word_is_right(
    steps: list[tuple[Danger, int]], events: frozenset[Event]
) -> None:
    told: dict[str, str] = {}
    heard: list[str] = []
    for danger, slip in steps:
        line = a_line(danger=danger, slip_days=slip, projected_date=NOW.date() + timedelta(days=slip))
        composed = _told(events, line, told)
        assert {item.event for item in composed.items} <= events
        heard += [
            "recovered" if item.event is Event.PROMISE_RECOVERED else item.line.risk.state
            for item in composed.items
            if item.line is not None and item.line.risk is not None
        ]
        assert _told(events, line, told).items == [], "told again"
        subject = told.get(about_line(line), "recovered")
        expected = line.risk.state if endangered(line) and line.risk else "recovered"
        assert subject == expected
    if {Event.PROMISE_AT_RISK, Event.PROMISE_MISSED, Event.PROMISE_RECOVERED} <= events:
        assert all(one != other for one, other in pairwise(heard))
        assert not heard or heard[0] != "recovered", "nobody had heard that it was in danger"


def test_a_promise_that_is_in_another_alert_by_now_is_told_there_alone() -> None:
    line, alert = a_line(), an_alert(a_line())
    elsewhere = Line(line.order_id, line.line_ref, risk=line.risk, alert_id="alt_2")
    known = Known({alert.id: alert}, {about_line(elsewhere): elsewhere}, {alert.id: []}, {})
    assert compose(a_subscription(), {about_line(elsewhere): alert.id}, known).items == []

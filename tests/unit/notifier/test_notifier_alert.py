"""Alerts: which promises, how bad, since when, until when."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import wording
from services.notifier.domain.alert import Alert, NotAllowed, Status, acknowledge, assign, resolve, settle, snooze
from services.notifier.domain.line import Danger, Line, Severity, endangered, hear_order, hear_risk
from tests.unit.notifier.notifier_builders import NOW, a_line, a_risk, an_alert


@given(
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from(Danger)), max_size=12, unique_by=lambda told: told[0]),
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=12, unique_by=lambda told: told[0]),
    st.randoms(use_true_random=False),
)
def test_whatever_the_order_and_the_repeats_a_line_is_in_the_danger_that_was_told_last_unless_it_is_over(
    risks: list[tuple[int, Danger]], orders: list[tuple[int, bool]], chance: random.Random
) -> None:
    told: list[tuple[int, Danger | bool]] = [*risks, *orders, *risks, *orders]
    chance.shuffle(told)
    line = Line("ORD", "10")
    for revision, what in told:
        if isinstance(what, Danger):
            line = hear_risk(line, a_risk(revision=revision, danger=what))
        else:
            line = hear_order(line, revision, is_open=what)
    last_danger = max(risks)[1] if risks else Danger.RECOVERED
    still_open = max(orders)[1] if orders else True
    assert (endangered(line) is not None) == (last_danger is not Danger.RECOVERED and still_open)


@given(st.lists(st.lists(st.integers(1, 5), max_size=5, unique=True), max_size=10))
def test_an_alert_is_open_exactly_while_it_holds_a_promise_and_every_strike_after_a_rest_is_a_new_round(steps: list[list[int]]) -> None:
    alert = an_alert()
    rounds = 0
    was_open = False
    for numbers in steps:
        alert = settle(alert, [a_line(number) for number in numbers], NOW)
        rounds += bool(numbers) and not was_open
        was_open = bool(numbers)
        assert (alert.status is not Status.RESOLVED) == was_open
        assert (alert.round, alert.promise_count) == (rounds, len(numbers))
        assert sum(stake.promises for stake in alert.stakes) == len(numbers)


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"slip_days": 0}, Severity.INFO),
        ({"slip_days": 1}, Severity.WARNING),
        ({"slip_days": 0, "unsupplied": True}, Severity.CRITICAL),
        ({"slip_days": 0, "danger": Danger.MISSED}, Severity.CRITICAL),
    ],
)
def test_how_bad_it_is(fields: dict[str, object], severity: Severity) -> None:
    assert an_alert(a_line(1, slip_days=0), a_line(2, **fields)).severity is severity


def test_values_in_several_currencies_are_never_added_up_and_an_unknown_one_is_in_none() -> None:
    alert = an_alert(
        a_line(1, value=Decimal(10)), a_line(2, value=Decimal(5), currency="USD"), a_line(3, value=None), a_line(4, value=Decimal(1))
    )
    assert [(stake.currency, stake.value, stake.promises) for stake in alert.stakes] == [
        ("EUR", Decimal(11), 2),
        ("USD", Decimal(5), 1),
    ]


def test_the_sentence_can_be_read_out() -> None:
    lines = [a_line(n, value=Decimal(35_333), slip_days=1, customer="Other") for n in range(1, 6)] + [a_line(6, value=Decimal(35_333))]
    assert wording.sentence(an_alert(*lines)) == "PO-552 slipped to 8 Dec: 6 promises, € 212k, worst Nordrad +3 days."
    assert wording.sentence(an_alert(a_line(1, slip_days=1, value=None))) == "PO-552 slipped to 8 Dec: 1 promise, worst Nordrad +1 day."
    assert wording.sentence(an_alert(a_line(1, slip_days=0, value=None))) == "PO-552 slipped to 8 Dec: 1 promise."
    assert wording.sentence(settle(an_alert(a_line()), [], NOW)) == "PO-552 slipped to 8 Dec: no promise is in danger any more."


@pytest.mark.parametrize(
    ("value", "spoken"),
    [("0", "€ 0"), ("9999", "€ 9,999"), ("10000", "€ 10k"), ("999499", "€ 999k"), ("999500", "€ 1.0M"), ("3140000", "€ 3.1M")],
)
def test_amounts_are_said_as_one_says_them(value: str, spoken: str) -> None:
    assert wording.amount("EUR", Decimal(value)) == spoken


def test_a_snooze_ends_when_it_gets_worse_and_not_before() -> None:
    until = NOW + timedelta(days=1)
    snoozed = snooze(an_alert(a_line()), until, None, NOW)
    assert isinstance(snoozed, Alert)
    assert settle(snoozed, [a_line(), a_line(2)], NOW).snoozed_until == until
    assert settle(snoozed, [a_line(), a_line(2, unsupplied=True)], NOW).snoozed_until is None


def test_what_people_said_of_one_round_is_over_with_it() -> None:
    seen = acknowledge(an_alert(a_line()), "Jo", "seen", NOW)
    assert isinstance(seen, Alert)
    taken = assign(seen, "Kim", None, NOW)
    assert isinstance(taken, Alert)
    assert (taken.status, taken.acknowledged_by, taken.assigned_to, taken.note) == (Status.ACKNOWLEDGED, "Jo", "Kim", "seen")
    again = settle(settle(taken, [], NOW), [a_line()], NOW)
    assert (again.status, again.round, again.acknowledged_by, again.assigned_to, again.note) == (Status.OPEN, 2, None, None, None)
    assert again.revision == taken.revision + 2


def test_a_danger_is_not_wished_away_and_what_is_over_is_left_alone() -> None:
    refused = resolve(an_alert(a_line()), "Jo", None, NOW)
    assert isinstance(refused, NotAllowed)
    assert refused.code == "STILL_AT_RISK"
    healed = settle(an_alert(a_line()), [], NOW)
    assert [
        isinstance(each, NotAllowed) and each.code
        for each in (
            acknowledge(healed, "Jo", None, NOW),
            assign(healed, "Jo", None, NOW),
            snooze(healed, NOW, None, NOW),
            resolve(healed, "", None, NOW),
        )
    ] == ["ALERT_RESOLVED"] * 4


def test_what_others_wrote_stays_on_one_line() -> None:
    line = replace(a_line(customer="Nord\r\nBcc: x\x00"), order_id="ORD-1")
    assert "\n" not in wording.row(line)
    assert "\0" not in wording.row(line)

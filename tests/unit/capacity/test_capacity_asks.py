"""What is seen in a body alone: each mistake at its place, and one form in which every body is kept."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.capacity.asks.calendars import CalendarAsk
from services.capacity.asks.products import BomAsk, RoutingAsk
from services.capacity.asks.resources import CorrectionAsk, ResourceAsk

STEP = {"sequence": 10, "minutes_per_unit": 1, "resources": [{"resource": "SAW"}]}
LEG = {"component": "LEG", "quantity_per": 4}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"rules": [{}, {"from_date": "2027-01-02", "to_date": "2027-01-02"}]}, "/rules/1/to_date", "EMPTY_RANGE"),
        ({"rules": [{"from_date": "2027-01-02", "to_date": "2027-01-01"}]}, "/rules/0/to_date", "EMPTY_RANGE"),
        ({"rules": [{"from_date": "2027-01-02", "to_date": "2027-01-04", "weekdays": ["monday"]}]}, "/rules/0/weekdays", "EMPTY_RANGE"),
        ({"rules": [{"weekdays": ["monday", "monday"]}]}, "/rules/0/weekdays", "WEEKDAY_TWICE"),
        ({"rules": [{"priority": 1}, {"priority": 2}, {"priority": 1, "minutes": 0}]}, "/rules/2", "RULE_TWICE"),
        ({"exceptions": [{"date": "2027-01-02"}, {"date": "2027-01-02", "minutes": 3}]}, "/exceptions/1/date", "EXCEPTION_TWICE"),
        ({"holiday_country": "XX"}, "/holiday_country", "UNKNOWN_COUNTRY"),
        ({"holiday_country": "DE", "holiday_subdivision": "XX"}, "/holiday_subdivision", "UNKNOWN_SUBDIVISION"),
        ({"holiday_subdivision": "BY"}, "/holiday_subdivision", "COUNTRY_MISSING"),
    ],
)
def test_a_calendars_mistake_is_pointed_at(body: dict[str, Any], pointer: str, code: str) -> None:
    assert [(each.pointer, each.code) for each in CalendarAsk.model_validate(body).mistakes()] == [(pointer, code)]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"boms": [{"components": [LEG]}, {"components": [LEG]}]}, "/boms/1/site", "SITE_TWICE"),
        ({"components": [LEG, LEG]}, "/components/1/component", "COMPONENT_TWICE"),
        ({"boms": [{"site": "F", "components": [LEG, {**LEG, "sequence": 1}, LEG]}]}, "/boms/0/components/2/component", "COMPONENT_TWICE"),
        ({"components": [{**LEG, "alternates": ["X", "LEG"]}]}, "/components/0/alternates/1", "ALTERNATE_TWICE"),
        ({"components": [{**LEG, "alternates": ["X", "X"]}]}, "/components/0/alternates/1", "ALTERNATE_TWICE"),
    ],
)
def test_a_bills_mistake_is_pointed_at(body: dict[str, Any], pointer: str, code: str) -> None:
    assert [(each.pointer, each.code) for each in BomAsk.model_validate(body).mistakes()] == [(pointer, code)]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"operations": [STEP, STEP]}, "/operations/1/sequence", "SEQUENCE_TWICE"),
        ({"routings": [{"operations": [STEP]}, {"operations": [STEP]}]}, "/routings/1/site", "SITE_TWICE"),
        ({"operations": [{"sequence": 1, "setup_minutes": 5}]}, "/operations/0/resources", "NO_RESOURCE"),
        ({"operations": [{**STEP, "resources": [{"resource": "A"}, {"resource": "A"}]}]}, "/operations/0/resources/1", "RESOURCE_TWICE"),
        (
            {"operations": [{**STEP, "alternates": [[{"resource": "B"}], [{"resource": "A"}, {"resource": "A"}]]}]},
            "/operations/0/alternates/1/1",
            "RESOURCE_TWICE",
        ),
    ],
)
def test_a_routings_mistake_is_pointed_at(body: dict[str, Any], pointer: str, code: str) -> None:
    assert [(each.pointer, each.code) for each in RoutingAsk.model_validate(body).mistakes()] == [(pointer, code)]


@pytest.mark.parametrize(
    ("ask", "body"),
    [
        (CalendarAsk, {"weekly": {"monday": -1}}),
        (CalendarAsk, {"weekly": {"montag": 1}}),
        (CalendarAsk, {"rules": [{"weekdays": []}]}),
        (CalendarAsk, {"rules": [{"from_date": 0}]}),
        (CalendarAsk, {"exceptions": [{"date": "2027-02-30"}]}),
        (CalendarAsk, {"exceptions": [{"date": "0001-01-01"}]}),
        (ResourceAsk, {}),
        (ResourceAsk, {"site": "F", "units": 1001}),
        (ResourceAsk, {"site": "F", "efficiency": 0}),
        (CorrectionAsk, {"reason": "x"}),
        (CorrectionAsk, {"reason": "x", "minutes": 1, "delta_minutes": 1}),
        (BomAsk, {}),
        (BomAsk, {"boms": [], "components": [LEG]}),
        (BomAsk, {"boms": [{"components": []}]}),
        (BomAsk, {"components": [{"component": "X", "quantity_per": 0}]}),
        (RoutingAsk, {}),
        (RoutingAsk, {"operations": [{**STEP, "resources": [{"resource": "A", "group": "B"}]}]}),
        (RoutingAsk, {"operations": [{**STEP, "resources": [{"resource": "A", "skill": "B"}]}]}),
        (RoutingAsk, {"operations": [{**STEP, "resources": [{}]}]}),
    ],
)
def test_a_body_that_makes_no_sense_is_none(ask: type[CalendarAsk], body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask.model_validate(body)


def test_yes_and_no_are_minutes_and_what_is_left_out_of_a_week_is_closed() -> None:
    week = CalendarAsk.model_validate({"weekly": {"monday": True, "tuesday": 480, "sunday": False}}).definition("C")["weekly"]
    assert [*week.values()] == [1440, 480, 0, 0, 0, 0, 0]
    assert [*CalendarAsk.model_validate({}).definition("C")["weekly"].values()] == [1440] * 7


def test_the_short_form_is_kept_as_the_long_one() -> None:
    assert BomAsk.model_validate({"components": [LEG]}).definition("X") == BomAsk.model_validate(
        {"boms": [{"components": [LEG]}]}
    ).definition("X")
    later = {**STEP, "sequence": 20}
    kept = RoutingAsk.model_validate({"operations": [later, STEP]}).definition("X")
    assert kept == RoutingAsk.model_validate({"routings": [{"operations": [STEP, later]}]}).definition("X")
    assert [step["name"] for step in kept["routings"][0]["operations"]] == ["10", "20"]


def test_the_order_in_which_days_and_skills_are_named_means_nothing() -> None:
    one = {"exceptions": [{"date": "2027-01-02"}, {"date": "2027-01-01"}], "rules": [{"weekdays": ["tuesday", "monday"]}]}
    other = {"exceptions": [{"date": "2027-01-01"}, {"date": "2027-01-02"}], "rules": [{"weekdays": ["monday", "tuesday"]}]}
    assert CalendarAsk.model_validate(one).definition("C") == CalendarAsk.model_validate(other).definition("C")
    skills = [ResourceAsk.model_validate({"site": "F", "skills": each}).definition("R") for each in (["A", "B"], ["B", "A"])]
    assert skills[0] == skills[1]

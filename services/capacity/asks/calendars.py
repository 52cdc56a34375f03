"""Calendars: a week, dated rules, single days, and the public holidays of a country."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from services.capacity.asks.fields import AT_LEAST_ONE, SOME, WEEKDAYS, CivilDate, MasterAsk, Minutes, Mistake, Text, Weekday, twice
from services.capacity.domain.calendar import Rule, covers_a_day
from services.capacity.domain.public_holidays import is_country, is_subdivision, subdivisions
from shared.quantities import RequestModel

MOST_RULES = 500
MOST_EXCEPTIONS = 2000
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,3}$")]


class WeekAsk(RequestModel):
    """Minutes of each weekday; `true` is 1440, `false` is 0, and so is a day that is left out."""

    monday: Minutes = 0
    tuesday: Minutes = 0
    wednesday: Minutes = 0
    thursday: Minutes = 0
    friday: Minutes = 0
    saturday: Minutes = 0
    sunday: Minutes = 0


AROUND_THE_CLOCK = WeekAsk.model_validate(dict.fromkeys(WEEKDAYS, True))


class RuleAsk(RequestModel):
    """So many minutes on these weekdays of a range; the lowest priority decides, of equal ones the later in the list."""

    from_date: CivilDate | None = None
    """The first day; null: since ever."""
    to_date: CivilDate | None = None
    """The day after the last one; null: for ever."""
    weekdays: Annotated[tuple[Weekday, ...], SOME, Field(max_length=7, json_schema_extra=AT_LEAST_ONE)] = WEEKDAYS
    minutes: Minutes = 1440
    """0: closed."""
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0


class SetDayAsk(RequestModel):
    """What holds on one day, whatever week, rules and holidays say."""

    date: CivilDate
    minutes: Minutes = 0
    reason: Text | None = None


class CalendarAsk(MasterAsk):
    """A calendar as a whole."""

    name: Text | None = None
    """By default the id."""
    weekly: WeekAsk = AROUND_THE_CLOCK
    """Left out: every day around the clock."""
    rules: Annotated[tuple[RuleAsk, ...], Field(max_length=MOST_RULES)] = ()
    exceptions: Annotated[tuple[SetDayAsk, ...], Field(max_length=MOST_EXCEPTIONS)] = ()
    holiday_country: Country | None = None
    """ISO 3166-1; its public holidays are closed."""
    holiday_subdivision: Annotated[str, StringConstraints(min_length=1, max_length=50)] | None = None
    """`BY` of `DE-BY`."""

    def definition(self, identity: str) -> dict[str, Any]:
        """The weekdays of a rule in their order, exceptions by date."""
        body = super().definition(identity)
        for rule in body["rules"]:
            rule["weekdays"] = [day for day in WEEKDAYS if day in rule["weekdays"]]
        body["exceptions"].sort(key=lambda day: day["date"])
        return body

    def mistakes(self) -> list[Mistake]:
        """Ranges without a day, what is said twice, places without known holidays."""
        found: list[Mistake] = []
        for place, rule in enumerate(self.rules):
            found += _of_rule(f"/rules/{place}", rule)
        rules = [(rule.from_date, rule.to_date, frozenset(rule.weekdays), rule.priority) for rule in self.rules]
        found += twice([(f"/rules/{at}", each) for at, each in enumerate(rules)], "RULE_TWICE", "the same days with the same priority")
        found += twice(
            [(f"/exceptions/{at}/date", day.date) for at, day in enumerate(self.exceptions)], "EXCEPTION_TWICE", "the day is named"
        )
        return found + self._of_holidays()

    def _of_holidays(self) -> list[Mistake]:
        country, part = self.holiday_country, self.holiday_subdivision
        if country is None:
            return [Mistake("/holiday_subdivision", "COUNTRY_MISSING", "names a part of no country")] if part is not None else []
        if not is_country(country):
            return [Mistake("/holiday_country", "UNKNOWN_COUNTRY", f"the holidays of {country!r} are not known; write DE, FR, US")]
        if part is not None and not is_subdivision(country, part):
            known = ", ".join(subdivisions(country)) or "none"
            return [
                Mistake("/holiday_subdivision", "UNKNOWN_SUBDIVISION", f"is no part of {country} with known holidays; these are: {known}")
            ]
        return []


def _of_rule(pointer: str, rule: RuleAsk) -> list[Mistake]:
    if len(set(rule.weekdays)) < len(rule.weekdays):
        return [Mistake(f"{pointer}/weekdays", "WEEKDAY_TWICE", "names a weekday twice")]
    if rule.from_date is not None and rule.to_date is not None and rule.from_date >= rule.to_date:
        return [Mistake(f"{pointer}/to_date", "EMPTY_RANGE", "is the day after the last one, so it is later than from_date")]
    weekdays = frozenset(WEEKDAYS.index(day) for day in rule.weekdays)
    if not covers_a_day(Rule(rule.from_date, rule.to_date, weekdays, rule.minutes, rule.priority)):
        return [Mistake(f"{pointer}/weekdays", "EMPTY_RANGE", "none of these weekdays lies in the range")]
    return []

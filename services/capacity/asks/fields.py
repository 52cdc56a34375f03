"""What the fields of bodies are made of."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.quantities import RequestModel

EARLIEST, LATEST = date(1970, 1, 1), date(2500, 1, 1)
MOST_MINUTES = 144_000
"""Of a calendar's day: a hundred units around the clock. With at most 1,000 units and an efficiency of 5 a day's work stays below 10^9."""
MOST_WORK = 144_000_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with a body: where (a JSON pointer), and what."""

    pointer: str
    code: str
    message: str


def _minutes(value: object) -> object:
    if isinstance(value, bool):
        return 1440 if value else 0
    return value


def _written(value: object) -> object:
    if type(value) is date or (isinstance(value, str) and _DATE.fullmatch(value)):
        return value
    raise PydanticCustomError("date_format", "Input should be a date: write 2026-12-24")


def _near(value: date) -> date:
    if not EARLIEST <= value <= LATEST:
        raise PydanticCustomError("date_range", "a date lies between 1970 and 2500")
    return value


def _some(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise PydanticCustomError("too_short", "one at least is needed")
    return value


SOME = AfterValidator(_some)
"""Not empty. (A bound of the field itself would complain beside every mistake inside.)"""
AT_LEAST_ONE: dict[str, Any] = {"minItems": 1}
"""The same, for the document."""
Minutes = Annotated[
    int,
    Field(ge=0, le=MOST_MINUTES),
    BeforeValidator(_minutes),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_MINUTES}),
]
"""Of one day; `true` is 1440 and `false` is 0."""
WorkMinutes = Annotated[int, Field(ge=0, le=MOST_WORK)]
DeltaMinutes = Annotated[int, Field(ge=-MOST_WORK, le=MOST_WORK)]
CivilDate = Annotated[date, BeforeValidator(_written), AfterValidator(_near)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f|/]+$")]
"""The code of a site or a resource: it stands in the middle of an address, so it holds no `/`."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A reason, a document, a name: one line."""
ExpectedRevision = Annotated[
    int | None, Field(ge=0, le=2**53, description="409 unless the entity stands at this revision; 0: only if it is new.")
]


class MasterAsk(RequestModel):
    """What every definition may carry."""

    external_id: Text | None = None
    source_system: Text | None = None
    expected_revision: ExpectedRevision = None

    def definition(self, identity: str) -> dict[str, Any]:
        """The body as it is kept; what has a name is called by its id when no name is given."""
        body = self.model_dump(mode="json", exclude={"expected_revision"})
        if body.get("name", "") is None:
            body["name"] = identity
        return body

    def mistakes(self) -> list[Mistake]:
        """What is wrong with it as a whole."""
        return []


def twice(named: list[tuple[str, Any]], code: str, what: str) -> list[Mistake]:
    """A mistake for each value that stood before, at its pointer."""
    seen: set[Any] = set()
    found: list[Mistake] = []
    for pointer, value in named:
        if value in seen:
            found.append(Mistake(pointer, code, f"{what} twice"))
        seen.add(value)
    return found

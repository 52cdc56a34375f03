"""What becomes of one thing that was told from outside, as a row of a file or as an event: taken, nothing new, or refused."""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Taken:
    """It was taken over; `changed` is False when it told nothing new."""

    changed: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not, and nothing of it has an effect: where (the name of a field, "" for the whole), which stable code, and why."""

    field: str
    code: str
    message: str
    status: Literal[404, 409, 422] = 422


Outcome: TypeAlias = Taken | Refused

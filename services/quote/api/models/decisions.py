"""What is told of decisions, and of decisions made again."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel


class DecisionOut(BaseModel):
    """A decision with what it was made on."""

    id: str
    at: datetime
    kind: str
    quote_id: str | None
    order_id: str | None
    request: dict[str, Any]
    versions: dict[str, int]
    result: dict[str, Any]
    code_version: str
    basis: dict[str, Any] | None = None
    """What else it was made on: the snapshot of master data that was seen, an order as it stood, what was offered."""


class DifferenceOut(BaseModel):
    """One place where a decision comes out otherwise, by its JSON pointer in the answer."""

    what: str
    old: Any
    new: Any


class CodeVersionsOut(BaseModel):
    """By which code it was decided, and decided again."""

    then: str
    now: str


class ReplayOut(BaseModel):
    """A decision made again."""

    decision_id: str
    kind: str
    same: bool
    differences: list[DifferenceOut]
    at: datetime
    versions: dict[str, int]
    master_data: Literal["as_seen", "as_of"]
    """`as_seen`: exactly what was known to who decided. `as_of`: as it stood at the instant; of decisions made before that was kept."""
    code_version: CodeVersionsOut

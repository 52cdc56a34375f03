"""Why an answer is what it is: the closed list of codes, in order of precedence (promising.md § 9).

Where several refusals apply to one line, the one that stands first here is given.
The days that the reasons of a promised line add sum to its slip.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from services.quote.domain.value import value

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step(StrEnum):
    """Where on the way from the requested to the promised date a reason stands, in the order of the chain."""

    REQUEST = "request"
    STOCK = "stock"
    ALLOCATION = "allocation"
    SUPPLY = "supply"
    CAPACITY = "capacity"
    CALENDAR = "calendar"
    TRANSPORT = "transport"


class Code(StrEnum):
    """The closed list. Refusals first, then what made a promise later or smaller, then what merely explains it."""

    UNKNOWN_SKU = "UNKNOWN_SKU"
    NO_SITE = "NO_SITE"
    NO_BOOK = "NO_BOOK"
    NO_LANE = "NO_LANE"
    UNKNOWN_CALENDAR = "UNKNOWN_CALENDAR"
    NO_WORKING_DAY = "NO_WORKING_DAY"
    OTHER_LINE_IMPOSSIBLE = "OTHER_LINE_IMPOSSIBLE"
    NO_COMMON_DATE = "NO_COMMON_DATE"
    CEILING_REACHED = "CEILING_REACHED"
    KEPT_FOR_OTHERS = "KEPT_FOR_OTHERS"
    AFTER_LATEST_DATE = "AFTER_LATEST_DATE"
    PARTIAL_NOT_ALLOWED = "PARTIAL_NOT_ALLOWED"
    BELOW_MINIMUM_SHIPMENT = "BELOW_MINIMUM_SHIPMENT"
    SEARCH_LIMIT = "SEARCH_LIMIT"
    NOT_ENOUGH_SUPPLY = "NOT_ENOUGH_SUPPLY"
    CHANCE_UNKNOWN = "CHANCE_UNKNOWN"
    CHANCE_TOO_SMALL = "CHANCE_TOO_SMALL"

    REQUESTED_IN_PAST = "REQUESTED_IN_PAST"
    UNKNOWN_CLASS = "UNKNOWN_CLASS"
    PROMISED_TO_OTHERS = "PROMISED_TO_OTHERS"
    SAFETY_STOCK_KEPT = "SAFETY_STOCK_KEPT"
    NO_STOCK = "NO_STOCK"
    PARTLY_COVERED = "PARTLY_COVERED"
    AWAIT_SUPPLY = "AWAIT_SUPPLY"
    AWAIT_COMPONENT = "AWAIT_COMPONENT"
    SUBSTITUTED = "SUBSTITUTED"
    PLANNED_TRANSFER = "PLANNED_TRANSFER"
    PLANNED_PRODUCTION = "PLANNED_PRODUCTION"
    PLANNED_PURCHASE = "PLANNED_PURCHASE"
    CAPACITY_TAKEN = "CAPACITY_TAKEN"
    CUT_OFF_PASSED = "CUT_OFF_PASSED"
    CLOSED_DAYS = "CLOSED_DAYS"
    TRANSIT = "TRANSIT"
    LATENESS = "LATENESS"
    PLAN_NOT_RELEASED = "PLAN_NOT_RELEASED"
    BOOK_SHORT = "BOOK_SHORT"
    USES_SAFETY_STOCK = "USES_SAFETY_STOCK"
    PROMISE_STANDS = "PROMISE_STANDS"
    SHIPS_COMPLETE = "SHIPS_COMPLETE"
    SHIPMENT_LIMITS = "SHIPMENT_LIMITS"
    BY_POLICY = "BY_POLICY"

    SEARCH_CUT = "SEARCH_CUT"
    COVERED = "COVERED"
    SHIPPED = "SHIPPED"


STEP_OF: Final[Mapping[Code, Step]] = {
    Code.UNKNOWN_SKU: Step.REQUEST,
    Code.NO_SITE: Step.REQUEST,
    Code.NO_BOOK: Step.STOCK,
    Code.NO_LANE: Step.TRANSPORT,
    Code.UNKNOWN_CALENDAR: Step.CALENDAR,
    Code.NO_WORKING_DAY: Step.CALENDAR,
    Code.OTHER_LINE_IMPOSSIBLE: Step.REQUEST,
    Code.NO_COMMON_DATE: Step.SUPPLY,
    Code.CEILING_REACHED: Step.ALLOCATION,
    Code.KEPT_FOR_OTHERS: Step.ALLOCATION,
    Code.AFTER_LATEST_DATE: Step.SUPPLY,
    Code.PARTIAL_NOT_ALLOWED: Step.REQUEST,
    Code.BELOW_MINIMUM_SHIPMENT: Step.REQUEST,
    Code.SEARCH_LIMIT: Step.SUPPLY,
    Code.NOT_ENOUGH_SUPPLY: Step.SUPPLY,
    Code.REQUESTED_IN_PAST: Step.REQUEST,
    Code.UNKNOWN_CLASS: Step.ALLOCATION,
    Code.PROMISED_TO_OTHERS: Step.STOCK,
    Code.SAFETY_STOCK_KEPT: Step.STOCK,
    Code.NO_STOCK: Step.STOCK,
    Code.PARTLY_COVERED: Step.STOCK,
    Code.AWAIT_SUPPLY: Step.SUPPLY,
    Code.AWAIT_COMPONENT: Step.SUPPLY,
    Code.SUBSTITUTED: Step.STOCK,
    Code.PLANNED_TRANSFER: Step.SUPPLY,
    Code.PLANNED_PRODUCTION: Step.CAPACITY,
    Code.PLANNED_PURCHASE: Step.SUPPLY,
    Code.CAPACITY_TAKEN: Step.CAPACITY,
    Code.CUT_OFF_PASSED: Step.CALENDAR,
    Code.CLOSED_DAYS: Step.CALENDAR,
    Code.TRANSIT: Step.TRANSPORT,
    Code.CHANCE_UNKNOWN: Step.SUPPLY,
    Code.CHANCE_TOO_SMALL: Step.SUPPLY,
    Code.LATENESS: Step.SUPPLY,
    Code.PLAN_NOT_RELEASED: Step.SUPPLY,
    Code.BOOK_SHORT: Step.SUPPLY,
    Code.USES_SAFETY_STOCK: Step.STOCK,
    Code.PROMISE_STANDS: Step.REQUEST,
    Code.SHIPS_COMPLETE: Step.REQUEST,
    Code.SHIPMENT_LIMITS: Step.REQUEST,
    Code.BY_POLICY: Step.REQUEST,
    Code.SEARCH_CUT: Step.SUPPLY,
    Code.COVERED: Step.STOCK,
    Code.SHIPPED: Step.STOCK,
}


class Lost(StrEnum):
    """Why another way was not chosen, in order of precedence."""

    UNKNOWN_SITE = "UNKNOWN_SITE"
    NO_BOOK = "NO_BOOK"
    NO_LANE = "NO_LANE"
    PARTIAL_NOT_ALLOWED = "PARTIAL_NOT_ALLOWED"
    SHIPS_COMPLETE = "SHIPS_COMPLETE"
    AFTER_LATEST_DATE = "AFTER_LATEST_DATE"
    LESS_PROMISED = "LESS_PROMISED"
    MORE_EXPENSIVE = "MORE_EXPENSIVE"
    LESS_ON_TIME = "LESS_ON_TIME"
    LATER = "LATER"
    MORE_SHIPMENTS = "MORE_SHIPMENTS"
    SITE_ORDER = "SITE_ORDER"
    SOURCE_ORDER = "SOURCE_ORDER"
    SUBSTITUTE = "SUBSTITUTE"


@value(frozen=True, slots=True)
class Reason:
    """One step of the explanation."""

    step: str
    code: str
    summary: str
    ref: str | None = None
    """The record behind it: a receipt's id, another line's ref."""
    adds_days: int = 0


_WORDS: Final = {code: (step.value, code.value) for code, step in STEP_OF.items()}


def because(code: Code, summary: str, ref: str | None = None, adds_days: int = 0) -> Reason:
    """A reason, with the step that its code belongs to."""
    step, word = _WORDS[code]
    return Reason(step, word, summary, ref, adds_days)

"""What the shared figures of sales and operations mean: one dictionary for screen, API and alerts (console.md).

A line keeps its requested, first promised, promised and actual dates for ever (promising.md § 7). Each figure names its formula,
the date that puts a promise into a period, what is left out, and who answers for it. What counts what is in
`services/quote/store/kpis.py`; nobody else defines these words again. Late is late: a promise that was missed stays missed,
whatever was promised afterwards.

    share = count / of, null where `of` is 0: nothing to count is no achievement
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a figure is counted in."""

    SHARE = "share"
    DAYS = "days"
    ORDERS = "orders"
    QUOTES = "quotes"
    MONEY = "money"
    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"


class Better(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"


class Owner(StrEnum):
    """Who answers for a figure."""

    SALES = "sales"
    OPERATIONS = "operations"
    PLANNING = "planning"
    SYSTEM = "system"


class Filter(StrEnum):
    """By what a figure can be narrowed."""

    CUSTOMER = "customer"
    SKU = "sku"
    SITE = "site"


OF_A_LINE = (Filter.CUSTOMER, Filter.SKU, Filter.SITE)


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure as everybody means it."""

    kpi: str
    name: str
    unit: Unit
    formula: str
    date_basis: str
    exclusions: str
    owner: Owner
    better: Better | None
    filters: tuple[Filter, ...]
    """A figure that cannot be narrowed by a filter is not answered under it."""


_DUE = "{basis} in the period, and the line closed or that date past at its site"
_ARRIVED = (
    "Goods count as delivered as many days after they left as promised. Cancelled lines are left out; a line that was "
    "closed short is not in full; a line that was amended counts with its quantity of now."
)

DICTIONARY: tuple[Kpi, ...] = (
    Kpi(
        "kept_first_promise", "Kept first promise (OTIF)", Unit.SHARE,
        "lines delivered in full by their first promised date / lines due by it",
        _DUE.format(basis="first promised date"), _ARRIVED, Owner.OPERATIONS, Better.HIGHER, OF_A_LINE,
    ),
    Kpi(
        "kept_latest_promise", "Kept latest promise", Unit.SHARE,
        "lines delivered in full by their promised date of now / lines due by it",
        _DUE.format(basis="promised date"), _ARRIVED, Owner.OPERATIONS, Better.HIGHER, OF_A_LINE,
    ),
    Kpi(
        "requested_date_met", "Requested date met", Unit.SHARE,
        "lines delivered in full by the date the customer asked for / lines due by it",
        _DUE.format(basis="requested date"), _ARRIVED, Owner.SALES, Better.HIGHER, OF_A_LINE,
    ),
    Kpi(
        "promise_slip_p50", "Promise slip, median", Unit.DAYS,
        "median of delivered date - promised date, negative when early", "actual date in the period",
        "Lines of which goods are still owed, or none left. Goods count as delivered as many days after they left as promised.",
        Owner.OPERATIONS, Better.LOWER, OF_A_LINE,
    ),
    Kpi(
        "promise_slip_p90", "Promise slip, 90 %", Unit.DAYS,
        "the slip that nine of ten lines do not exceed: delivered date - promised date", "actual date in the period",
        "Lines of which goods are still owed, or none left. Goods count as delivered as many days after they left as promised.",
        Owner.OPERATIONS, Better.LOWER, OF_A_LINE,
    ),
    Kpi(
        "repromise_rate", "Re-promised", Unit.SHARE,
        "lines whose promised date was ever moved, whoever asked / lines ordered", "order made in the period (UTC)",
        "Cancelled lines.", Owner.OPERATIONS, Better.LOWER, OF_A_LINE,
    ),
    Kpi(
        "fill_rate", "Fill rate", Unit.SHARE,
        "lines that were at once promised for the date asked for, or earlier / lines ordered", "order made in the period (UTC)",
        "Cancelled lines; orders promised elsewhere; lines that were never promised.", Owner.SALES, Better.HIGHER, OF_A_LINE,
    ),
    Kpi(
        "orders_at_risk", "Orders at risk", Unit.ORDERS,
        "open orders with a line at risk or missed, of all open orders", "now, whatever the period", "None.",
        Owner.OPERATIONS, Better.LOWER, OF_A_LINE,
    ),
    Kpi(
        "value_at_risk", "Value at risk", Unit.MONEY,
        "sum of open quantity x unit price of the lines at risk or missed, by currency; one value where there is one currency",
        "now, whatever the period", "Lines without a unit price: `count` of `of` have one.", Owner.SALES, Better.LOWER, OF_A_LINE,
    ),
    Kpi(
        "backorder_age_p50", "Backorder age, median", Unit.DAYS,
        "median of today - promised date of the open lines whose promised date is past", "now, whatever the period",
        "Lines that are not late.", Owner.OPERATIONS, Better.LOWER, OF_A_LINE,
    ),
    Kpi(
        "backorder_age_max", "Backorder age, oldest", Unit.DAYS,
        "most days that an open line is past its promised date", "now, whatever the period",
        "Lines that are not late.", Owner.OPERATIONS, Better.LOWER, OF_A_LINE,
    ),
    Kpi(
        "quote_to_order", "Quote-to-order conversion", Unit.SHARE,
        "inquiries and holds that became an order / inquiries and holds", "answered in the period (UTC)",
        "Days that the decision log of inquiries no longer keeps; orders made in one step.", Owner.SALES, Better.HIGHER,
        (Filter.CUSTOMER,),
    ),
    Kpi(
        "hold_conversion", "Hold conversion", Unit.SHARE,
        "holds that were confirmed / holds that have ended: confirmed, released or expired", "held in the period (UTC)",
        "Refused holds and those that still live.", Owner.SALES, Better.HIGHER, (Filter.CUSTOMER, Filter.SKU),
    ),
    Kpi(
        "quotes_lost_by_date_gap", "Quotes lost by date gap", Unit.QUOTES,
        "holds and orders that came to nothing (refused, released, expired) and were not offered whole for the date asked for, "
        "of all that came to nothing; by how many days the offer was late",
        "asked in the period (UTC)", "Inquiries: nobody says why they were not pursued.", Owner.SALES, Better.LOWER,
        (Filter.CUSTOMER, Filter.SKU),
    ),
    Kpi(
        "days_of_supply", "Days of supply", Unit.DAYS,
        "median over the skus delivered of: on hand at all sites / delivered per day of the period", "actual date in the period",
        "Skus of which nothing was delivered; what production used.", Owner.PLANNING, None, (Filter.SKU,),
    ),
    Kpi(
        "capacity_load", "Capacity load of the next two weeks", Unit.SHARE,
        "claimed minutes / available minutes of all resources, today and the 13 days after", "now, whatever the period",
        "Days without minutes.", Owner.PLANNING, None, (Filter.SITE,),
    ),
    Kpi(
        "quote_latency_p50", "Quote latency, median", Unit.MILLISECONDS,
        "upper bound of the time within which half of the answers to POST /v1/quotes were given", "since this process started",
        "Calls that were refused; other processes.", Owner.SYSTEM, Better.LOWER, (),
    ),
    Kpi(
        "quote_latency_p99", "Quote latency, 99 %", Unit.MILLISECONDS,
        "upper bound of the time within which 99 of 100 answers to POST /v1/quotes were given", "since this process started",
        "Calls that were refused; other processes.", Owner.SYSTEM, Better.LOWER, (),
    ),
    Kpi(
        "feed_age", "Age of the oldest feed", Unit.SECONDS,
        "most seconds since news of stock or capacity was last heard of, over all sites", "now, whatever the period",
        "None; null where a source was never heard of.", Owner.SYSTEM, Better.LOWER, (Filter.SITE,),
    ),
)  # fmt: skip
"""Every figure, in the order in which it is shown."""


def share(count: int, of: int) -> float | None:
    """Count of all, to six digits; None of nothing."""
    return None if of == 0 else round(count / of, 6)


GAPS = ("as_asked", "1_to_3_days", "4_to_7_days", "8_days_and_more", "in_part", "no_date")
"""How far an offer was from what was asked, the best first."""


def gap(outcome: str, slip_days: int) -> str:
    """Into which part of `GAPS` an offer falls."""
    if outcome == "none":
        return "no_date"
    if outcome == "partial":
        return "in_part"
    bounds = ((0, "as_asked"), (3, "1_to_3_days"), (7, "4_to_7_days"))
    return next((name for most, name in bounds if slip_days <= most), "8_days_and_more")

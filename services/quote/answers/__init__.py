"""What is answered: decisions, orders and books in the words of the public API. Plain JSON-ready values, made once."""

from services.quote.answers.books import availability, load, load_of_supplier, plan
from services.quote.answers.dates import iso_day, iso_instant
from services.quote.answers.orders import NOTHING_DECIDED, amended, history, order, order_line
from services.quote.answers.quotes import decision, inputs, inputs_of, planned_row, quote, reason_of

__all__ = [
    "NOTHING_DECIDED",
    "amended",
    "availability",
    "decision",
    "history",
    "inputs",
    "inputs_of",
    "iso_day",
    "iso_instant",
    "load",
    "load_of_supplier",
    "order",
    "order_line",
    "plan",
    "planned_row",
    "quote",
    "reason_of",
]

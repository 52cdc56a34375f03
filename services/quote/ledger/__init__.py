"""The one door through which books change.

`desk` is what a change decides on: books as they will be, documents, the instant. `door` takes what has queued, plans it,
locks, decides again what has moved, writes, commits, and only then answers.
"""

from services.quote.ledger.desk import Change, Desk, Effect, Refusal
from services.quote.ledger.door import Ask, Door

__all__ = ["Ask", "Change", "Desk", "Door", "Effect", "Refusal"]

"""What most requests come to: every line is on hand, at the one site that may ship it, for the day wanted (promising.md § 4).

    hop = the latest that is delivered by the wanted day and can still be picked
    all on hand iff ATP(hop.pick) >= quantity, and the supply behind the claim is stock alone

No other way is better, and there is none to name; so nothing is searched, and nothing has to be undone. Every other request goes
the whole way (`promise.py`), which answers the same where both could: a property, not a hope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.answer import Decision, Delivery, LinePromise, Outcome
from services.quote.domain.balance import balance
from services.quote.domain.choice import Aim
from services.quote.domain.dates import hop_by
from services.quote.domain.pegging import ON_HAND, peg
from services.quote.domain.reasons import Code, because
from services.quote.domain.sentence import sentence_of_all, spoken_quantity

if TYPE_CHECKING:
    from services.quote.domain.request import Demand, LineRequest, Shelf

_FULL = Outcome.FULL.value


def all_on_hand(demand: Demand, shelf: Shelf) -> Decision | None:
    """The decision where every line is so; None where any is not, or the request asks for more than the earliest date."""
    if demand.ship_complete or demand.policy is not Aim.EARLIEST:
        return None
    lines = []
    for line in demand.lines:
        found = None if line.unknown_sites or len(line.sites) != 1 else _on_hand(line, line.sites[0], shelf)
        if found is None:
            return None
        lines.append(found)
    books = frozenset([(line.sku, line.deliveries[0].site) for line in lines])
    if len(books) < len(lines):
        return None  # two lines want the same goods
    return Decision(_FULL, tuple(lines), sentence_of_all(lines), books, books)


def _on_hand(line: LineRequest, site: str, shelf: Shelf) -> LinePromise | None:
    book = shelf.book(line.sku, site)
    if book is None or not (book.defined and line.known_sku) or shelf.allocations(line.sku):
        return None
    ways = shelf.ways(line.sku, site, line.ship_to, line.customer)
    today = shelf.today(site)
    hop = hop_by(ways[0], line.requested_day, today) if len(ways) == 1 else None
    if hop is None or (line.latest_day is not None and hop.delivery > line.latest_day):
        return None
    rules = shelf.rules(line.sku, site)
    figures = balance(book, today, shelf.now, rules)
    if figures.atp_on(hop.pick) < line.quantity:
        return None
    covered = peg(book, figures, rules, line.quantity, hop.pick)
    if not covered or covered[0].source != ON_HAND or covered[0].quantity != line.quantity:
        return None
    return LinePromise(
        line.line_ref,
        line.sku,
        line.uom,
        _FULL,
        line.quantity,
        line.requested_day,
        line.quantity,
        hop.delivery,
        (Delivery(site, line.quantity, hop.pick, hop.ship, hop.delivery, 0, ways[0].lane),),
        0,
        None,
        covered,
        (because(Code.COVERED, f"{spoken_quantity(line.quantity)} on hand in {site}"),),
        (),
    )

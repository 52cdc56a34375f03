"""The date that holds with a probability: what it stands on is allowed to be late (promising.md § 10).

The same question is asked on books on which every receipt comes as many days after its due date as its source's history
says it must be given to come with a level of certainty; what is planned is given the same. A line that stands on one
receipt then holds with that level; one that stands on several holds with less, so the level is raised until every line
holds with what was asked for, and no further than that: the least level is found by halving. One level counts for all
lines of a request: each is as careful as the one that needs most. Receipts of which nothing is known, or that are too late
too often, are not counted on at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from services.quote.domain.answer import Outcome
from services.quote.domain.assume import AssumingShelf
from services.quote.domain.chance import TOLD, chance_of, chance_of_all, source_of, source_of_entry
from services.quote.domain.entry import Entry, Part, expected_day, parted
from services.quote.domain.promise import promise
from services.quote.domain.reasons import Code, because
from services.quote.domain.sentence import sentence_of_all, spoken_day
from services.quote.domain.sources import Buy, Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from services.quote.domain.answer import Decision, LinePromise
    from services.quote.domain.book import Book
    from services.quote.domain.chance import Chances
    from services.quote.domain.entry import Day
    from services.quote.domain.pegging import Peg
    from services.quote.domain.request import Demand, LineRequest, Shelf
    from services.quote.domain.sources import Source

HALVINGS: Final = 7
"""Of the span of levels: it is then known to less than a hundredth."""
_DAY_MINUTES: Final = 1440 * 1_000_000


def _coming(supply: Entry) -> Entry:
    """Of a receipt of which the rest is expected on no day, what is on its way: that comes all the same, in time or late."""
    return supply if expected_day(supply) is not None else parted(supply)[0]


class CautiousShelf(AssumingShelf):
    """A shelf on which everything that is yet to come comes as late as a level of certainty allows it to."""

    def __init__(self, shelf: Shelf, chances: Chances, level: float) -> None:
        """The books beneath must not change while this one is in use."""
        super().__init__(shelf, ())
        self._chances = chances
        self._level = level
        self.allowed: dict[str, int] = {}
        """Days by which planned supply of a source was planned later."""

    def _entries(self, sku: str, site: str, book: Book | None) -> Iterator[Entry]:
        if book is None:
            return
        today, rules = self.today(site), self.rules(sku, site)
        for part in (Part.RECEIPT, Part.PLAN):
            for entry in map(_coming, list(book.of(part))):
                source, due = source_of_entry(entry, site), expected_day(entry)
                if source is None or due is None or (part is Part.RECEIPT and rules.counts_on(due, today) is None):
                    continue  # assumed, or too late to be believed in any case
                slack = self._chances.slack_for(source, self._level, today - due)
                if slack is None:
                    yield replace(entry, quantity=0)
                elif slack > rules.dock_to_stock_days:
                    detail = {name: said for name, said in (entry.detail or {}).items() if name != "expected"}
                    yield replace(entry, day=due + slack - rules.dock_to_stock_days, detail={**detail, TOLD: due})

    def sources(self, sku: str, site: str) -> Sequence[Source]:
        """Where more can come from, each source given the days by which it may be late; without those that are too late too often."""
        return [given for one in super().sources(sku, site) if (given := self._given(one, site)) is not None]

    def _given(self, one: Source, site: str) -> Source | None:
        supplier = one.supplier if isinstance(one, Buy) else None
        source = source_of(one.kind.value, site, supplier, one.from_site if isinstance(one, Transfer) else None)
        days = self._chances.slack_for(source, self._level)
        if days is None:
            return None
        days = self.allowed[source] = max(0, days)
        if isinstance(one, Transfer):
            return replace(one, way=replace(one.way, transit_days=one.way.transit_days + days))
        if isinstance(one, Buy) or not one.operations:
            return replace(one, lead_time_days=one.lead_time_days + days)
        last = one.operations[-1]
        return replace(one, operations=(*one.operations[:-1], replace(last, fixed=last.fixed + days * _DAY_MINUTES)))


@dataclass(slots=True)
class Vouched:
    """An answer, with the probability that each of its lines holds; `chances`: None where too little is known."""

    decision: Decision
    chances: list[float | None] = field(default_factory=list)


class Question(Protocol):
    """Asks for a decision on the books of a shelf; lines by their places in `without` ask for nothing."""

    def __call__(self, shelf: Shelf, without: frozenset[int] = frozenset(), /) -> Decision:
        """The decision."""
        ...


def promise_that_holds(demand: Demand, shelf: Shelf, probability: float, chances: Chances) -> Decision:
    """What can be promised of each line so that its date holds with `probability`; with `ship_complete`, that all of them hold."""

    def ask(books: Shelf, without: frozenset[int] = frozenset()) -> Decision:
        return promise(replace(demand, lines=without_sites(demand.lines, without)) if without else demand, books)

    return dates_that_hold(ask, shelf, probability, chances, together=demand.ship_complete)


def without_sites(lines: Sequence[LineRequest], without: frozenset[int]) -> tuple[LineRequest, ...]:
    """The lines, those in these places without a site that may serve them."""
    return tuple(replace(line, sites=(), substitutes=()) if at in without else line for at, line in enumerate(lines))


def dates_that_hold(
    ask: Question,
    shelf: Shelf,
    probability: float,
    chances: Chances,
    *,
    together: bool,
    stands: Callable[[LinePromise], bool] | None = None,
) -> Decision:
    """The answer to a question with dates that hold with `probability`, `together`: that all of them hold.

    `stands`: which lines have what was promised before, and keep it however likely it is by now.
    """
    rating = _Rating(ask, shelf, chances, together, stands or (lambda line: not line.deliveries))
    plain = rating.rate(ask(shelf), {})
    if rating.holds(plain, probability):
        return _with_chances(plain)
    low, high = 0.0, probability
    best = rating.at_level(high)
    while not rating.holds(best, probability) and high < _HIGHEST:
        low, high = high, 1 - (1 - high) / 2
        best = rating.at_level(high)
    for _ in range(HALVINGS if low else 0):
        middle = (low + high) / 2
        found = rating.at_level(middle)
        if rating.holds(found, probability):
            high, best = middle, found
        else:
            low = middle
    failing = rating.failing(best, probability)
    if failing:
        best = rating.at_level(high, failing)
    answers = tuple(
        _told(line, plain.decision.lines[at], plain.chances[at], best.chances[at], probability)
        for at, line in enumerate(best.decision.lines)
    )
    return replace(best.decision, lines=answers, summary=sentence_of_all(answers))


_HIGHEST: Final = 0.9999
_SAID_AT_MOST: Final = 0.99
"""In words, unless more was asked for: what waits for something is never said to be certain."""


def _with_chances(found: Vouched) -> Decision:
    lines = zip(found.decision.lines, found.chances, strict=True)
    return replace(found.decision, lines=tuple(replace(line, probability=chance) for line, chance in lines))


@dataclass(frozen=True, slots=True)
class _Rating:
    """Decides a question at a level of certainty, and works out how likely each line then holds."""

    ask: Question
    shelf: Shelf
    chances: Chances
    together: bool
    stands: Callable[[LinePromise], bool]

    def at_level(self, level: float, without: frozenset[int] = frozenset()) -> Vouched:
        """The answer on books on which everything comes as late as the level allows."""
        cautious = CautiousShelf(self.shelf, self.chances, level)
        return self.rate(self.ask(cautious, without), cautious.allowed)

    def rate(self, decision: Decision, allowed: dict[str, int]) -> Vouched:
        """With how likely each line holds; all lines together, where they ship complete."""
        found = Vouched(decision)
        today: Day = 0
        for line in decision.lines:
            today = self.shelf.today(line.deliveries[0].site) if line.deliveries else today
            found.chances.append(chance_of(line, decision.planned, self.chances, today, allowed))
        if self.together:
            all_of_them = chance_of_all(decision.lines, decision.planned, self.chances, today, allowed)
            found.chances = [all_of_them if line.deliveries else None for line in decision.lines]
        return found

    def holds(self, found: Vouched, probability: float) -> bool:
        """Whether every line that is promised holds with the probability."""
        return not self.failing(found, probability)

    def failing(self, found: Vouched, probability: float) -> frozenset[int]:
        """The lines that are promised anew for dates that hold with less, or nobody knows with how much."""
        rated = enumerate(zip(found.decision.lines, found.chances, strict=True))
        return frozenset(
            at for at, (line, chance) in rated if line.deliveries and not self.stands(line) and (chance is None or chance < probability)
        )


def _told(line: LinePromise, plain: LinePromise, before: float | None, chance: float | None, probability: float) -> LinePromise:
    """The line with its chance and the receipts' own due dates; its reasons begin with those of the date that does not hold so likely."""
    line = replace(line, pegging=tuple(_as_due(one) for one in line.pegging), probability=chance)
    if not plain.deliveries or (line.deliveries == plain.deliveries and line.pegging == plain.pegging):
        return line
    ref = next((one.ref for one in reversed(plain.pegging) if one.ref is not None), None)
    if line.promised_quantity < plain.promised_quantity or line.promised_day is None:
        known = "nothing is known of how late it comes what this waits for:" if before is None else "by what has come so far"
        said = f"{known} no date holds with {probability * 100:.10g}%"
        refusal = because(Code.CHANCE_UNKNOWN if before is None else Code.CHANCE_TOO_SMALL, said, ref)
        reasons = line.reasons if line.deliveries else tuple(reason for reason in plain.reasons if not reason.adds_days)
        return replace(line, reasons=(*reasons, refusal), limiting_step=refusal.step)
    added = line.slip_days - plain.slip_days
    if added < 0 or line.promised_quantity > plain.promised_quantity:
        return line
    said_chance = min(chance or probability, max(_SAID_AT_MOST, probability)) * 100
    share = f"{said_chance:.0f}" if said_chance <= _SAID_AT_MOST * 100 else f"{said_chance:.10g}"
    said = f"it holds with {share}% on {spoken_day(line.promised_day)}, with too little before"
    reasons = (*plain.reasons, because(Code.LATENESS, said, ref, added))
    limiting = None if line.outcome == Outcome.FULL.value else max(reasons, key=lambda reason: reason.adds_days).step
    return replace(line, reasons=reasons, limiting_step=limiting)


def _as_due(one: Peg) -> Peg:
    told = None if one.entry is None else (one.entry.detail or {}).get(TOLD)
    return one if told is None else replace(one, due_day=int(told))

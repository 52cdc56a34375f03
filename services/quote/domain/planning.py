"""How a whole line is served with planned supply: by one source of one site, or by several of its sources (promising.md § 4).

What is tried is planned on the stand and rolled back; what wins is planned again, and taken by whoever asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative
from services.quote.domain.known import delivery_of, too_late
from services.quote.domain.reasons import Lost
from services.quote.domain.replenish import bring, comes_in_jobs, mix, most_of_source, order
from services.quote.domain.sources import Kind, is_beyond_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day
    from services.quote.domain.known import Whole
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.sources import Source
    from services.quote.domain.stand import Stand

MOST_NAMED: Final = 4
"""Alternatives of one kind that are named."""
_EFFORT_OF_REFUSAL: Final = 400
"""Orders that are tried to tell what a site's sources could bring at most, where an allocation refuses."""
LAST_DAY: Final = date.max.toordinal()
VERB: Final = {Kind.TRANSFER: "transfer", Kind.MAKE: "make", Kind.BUY: "buy"}


@dataclass(frozen=True, slots=True)
class Tried:
    """One order by one source of one site, or several orders together, and the hop by which the whole line could be served."""

    outlet: Outlet
    sources: tuple[Source, ...]
    hop: Hop
    effort: int
    """How much of it there was to find this."""
    several: bool = False
    jobs: bool = False
    """Whether one source may make it in several jobs."""
    before: Day | None = None
    """Of several: the day that they had to be earlier than when this was found."""

    @property
    def kind(self) -> str:
        """As an alternative is called."""
        return VERB[self.sources[0].kind] if len(self.sources) == 1 else "mixed"


def sources_for(line: LineRequest, outlet: Outlet) -> list[Source]:
    """The sources of a site that the line may be served by, the first choice first."""
    if line.supply is None:
        return list(outlet.place.sources)
    return [one for one in outlet.place.sources if line.supply & {VERB[one.kind], spoken_source(one)}]


def ways_for(line: LineRequest, outlets: Sequence[Outlet]) -> list[tuple[Outlet, Source]]:
    """Each source of each site in turn; after all of them the lead times, which are no supply that anybody knows."""
    ways = [(outlet, source) for outlet in outlets for source in sources_for(line, outlet)]
    return sorted(ways, key=lambda way: is_beyond_known(way[1]))


def spoken_source(source: Source) -> str:
    """One source in the words of a request: `buy:TERMS-7`."""
    return f"{VERB[source.kind]}:{source.ref}"


def earliest_planned(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, beat: Whole | None
) -> tuple[Whole | None, list[Alternative]]:
    """The whole line with planned supply, where that is earlier than `beat`: planned on the stand, not taken yet.

    Each source of each site in turn; the first that is in time wins, else the earliest; several sources of a site together
    only where they are earlier than any of them alone. Also the ways that lost, but for those that come when what is known comes.
    """
    mark = stand.mark()
    tried: list[Tried] = []
    for outlet, source in ways_for(line, outlets):
        if is_beyond_known(source) and tried:
            break
        stand.rollback(mark)
        effort = stand.effort
        hop = by_source(line, outlet, source, stand, wanted)
        if hop is not None:
            tried.append(Tried(outlet, (source,), hop, effort))
        if _is_enough(tried, wanted, stand):
            break
    stand.rollback(mark)
    if all(one.hop.delivery > wanted for one in tried):
        known = [*(one.hop.delivery for one in tried), *_day_of(beat)]
        tried += _mixed_wholes(line, outlets, stand, wanted, known, jobs=not tried)
    best = min((one for one in tried if not too_late(line, one.hop)), key=lambda one: max(wanted, one.hop.delivery), default=None)
    if best is not None and beat is not None and beat[1].delivery <= max(wanted, best.hop.delivery):
        best = None
    others = [_lost(line, one, best, beat) for one in tried if one is not best and one.hop != one.outlet.earliest(line.quantity, wanted)]
    del others[MOST_NAMED:]
    if best is None:
        return None, others
    if beat is not None:
        others.insert(0, Alternative("", "wait", (delivery_of(*beat, line.quantity),), Lost.LATER.value, ()))
    again = stand.as_found(best.effort, partial(plan_whole, line, best, stand, wanted))
    return None if again is None else (best.outlet, again), others


def _is_enough(tried: Sequence[Tried], wanted: Day, stand: Stand) -> bool:
    """Whether one is in time, and so many others are known that no more would be named, or trying them would take long."""
    return any(one.hop.delivery <= wanted for one in tried) and (len(tried) > MOST_NAMED or stand.effort < stand.effort_given // 2)


def _day_of(whole: Whole | None) -> list[Day]:
    return [] if whole is None else [whole[1].delivery]


def _mixed_wholes(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, known: Sequence[Day], *, jobs: bool
) -> list[Tried]:
    """The whole line by several orders for one site together, where that is earlier than the days known.

    In several `jobs` only what no order alone could bring.
    """
    found: list[Tried] = []
    before = min(known, default=None)
    for outlet in outlets:
        sources = [source for source in sources_for(line, outlet) if not is_beyond_known(source)]
        if stand.effort < 0 or not (len(sources) > 1 or (jobs and comes_in_jobs(sources))):
            continue
        mark, effort = stand.mark(), stand.effort
        hop = by_several(line, outlet, sources, stand, wanted, before, jobs=jobs)
        if hop is not None:
            used = {plan.source.ref: plan.source for plan in outlet.place.plans.values() if plan.source in sources}
            found.append(Tried(outlet, tuple(used.values()), hop, effort, several=True, jobs=jobs, before=before))
            before = hop.delivery
        stand.rollback(mark)
    return found


def plan_whole(line: LineRequest, way: Tried, stand: Stand, wanted: Day) -> Hop | None:
    """Plan the whole line once more by what was tried; when it can be delivered."""
    if not way.several:
        return by_source(line, way.outlet, way.sources[0], stand, wanted)
    return by_several(line, way.outlet, sources_for(line, way.outlet), stand, wanted, way.before, jobs=way.jobs)


def by_source(line: LineRequest, outlet: Outlet, source: Source, stand: Stand, wanted: Day) -> Hop | None:
    """Plan what the site lacks by one source; when the whole line could then be delivered, or None."""
    want = outlet.wanted(wanted, line.quantity)
    if want is None or bring(stand, outlet.place, source, line.quantity, want.pick) is None:
        return None
    return outlet.earliest(line.quantity, wanted)


def by_several(
    line: LineRequest,
    outlet: Outlet,
    sources: Sequence[Source],
    stand: Stand,
    wanted: Day,
    before: Day | None,
    *,
    jobs: bool,
) -> Hop | None:
    """Plan what the site lacks by several orders together, where the line is then delivered before a day; when, or None."""
    want = outlet.wanted(wanted, line.quantity)
    last = None if before is None else outlet.by(before - 1)
    if want is None or (before is not None and last is None):
        return None
    beat = None if last is None else last.pick + 1
    if not mix(stand, outlet.place, sources, line.quantity, want.pick, beat=beat, jobs=jobs):
        return None
    return outlet.earliest(line.quantity, wanted)


def bring_most(line: LineRequest, outlet: Outlet, stand: Stand, day: Day | None) -> None:
    """Plan on the stand what the line's sources can bring to a site by a pick day (None: ever), until the site offers the quantity.

    For whoever wants to know how much that is, and rolls it back: no effort of the line is spent, and nothing is noted as lacking.
    """
    spent = stand.effort, stand.gave_up, stand.lacks
    place = outlet.place
    path, floor = ((place.sku, place.site),), stand.effort - _EFFORT_OF_REFUSAL
    for source in sources_for(line, outlet):
        rest = line.quantity - place.offers(LAST_DAY if day is None else day)
        most = most_of_source(stand, place, source, rest, day, path, floor) if rest > 0 else 0
        if most > 0:
            order(stand, place, source, most, path)
    stand.effort, stand.gave_up, stand.lacks = spent


def _lost(line: LineRequest, one: Tried, best: Tried | None, beat: Whole | None) -> Alternative:
    """A way that was tried and lost, and why."""
    first = best.hop.delivery if best is not None else beat[1].delivery if beat is not None else one.hop.delivery
    lost = Lost.SOURCE_ORDER if best is None or one.outlet is best.outlet else Lost.SITE_ORDER
    if too_late(line, one.hop):
        lost = Lost.AFTER_LATEST_DATE
    elif one.hop.delivery > first:
        lost = Lost.LATER
    delivery = delivery_of(one.outlet, one.hop, line.quantity)
    return Alternative("", one.kind, (delivery,), lost.value, tuple(spoken_source(source) for source in one.sources))

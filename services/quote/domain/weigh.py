"""A line under a policy that weighs more than dates: every way is tried, the best by that policy is taken (promising.md § 4).

Ways: the whole line from each site as it is known, by each source of each site, by several sources of a site together; where
a line may be split, also the splits that the policy asks for, and those with planned supply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from services.quote.domain.choice import Aim, cost_of_planned, lost_because, worth
from services.quote.domain.known import split_of, too_late
from services.quote.domain.planning import MOST_NAMED, VERB, by_several, by_source, sources_for, spoken_source
from services.quote.domain.replenish import comes_in_jobs
from services.quote.domain.runners import Way, alternative_of
from services.quote.domain.sets import best_of_sets
from services.quote.domain.spread import spread, with_source
from services.quote.domain.stand import LEAST_EFFORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from services.quote.domain.answer import Alternative
    from services.quote.domain.choice import Part, Worth
    from services.quote.domain.entry import Day
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.sources import Source
    from services.quote.domain.stand import Stand

_MOST_WAITS: Final = 12
"""Days on which more of what is known is there that are waited for to plan less."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One line and all that its ways are built from."""

    line: LineRequest
    outlets: Sequence[Outlet]
    stand: Stand
    wanted: Day
    aim: Aim
    allow_partial: bool
    effort: int


def weigh(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, aim: Aim, *, allow_partial: bool, effort: int
) -> tuple[list[Part], list[Alternative]]:
    """The best way under the policy, planned on the stand, not taken yet; and the ways that lost, each with the reason."""
    asked = _Asked(line, outlets, stand, wanted, aim, allow_partial, effort)
    mark = stand.mark()
    tried: list[tuple[Way, Callable[[], Sequence[Part]], Worth, int]] = []
    for kind, supply, build in _ways(asked):
        if tried and stand.effort < 0:
            break
        since, before = len(stand.planned), stand.effort
        parts = tuple(build())
        if parts and not any(too_late(line, hop) for _, hop, _ in parts):
            found = worth(aim, line, parts, wanted, cost_of_planned(stand, since), stand)
            tried.append((Way(kind, parts, supply), build, found, before))
        stand.rollback(mark)
    if not tried:
        return [], []
    best = min(tried, key=lambda one: one[2])
    parts = tuple(stand.as_found(best[3], best[1]))
    others: list[Alternative] = []
    seen = {_as_delivered(best[0].parts)}
    for way, _, found, _ in sorted(tried, key=lambda one: one[2]):
        if _as_delivered(way.parts) not in seen and len(others) < MOST_NAMED:
            seen.add(_as_delivered(way.parts))
            others.append(alternative_of(way, line, lost_because(aim, line, found, best[2])))
    return list(parts), others


def _as_delivered(parts: Sequence[Part]) -> tuple[object, ...]:
    return tuple((outlet.site, outlet.way.lane, hop, quantity) for outlet, hop, quantity in parts)


def _ways(asked: _Asked) -> Iterator[tuple[str, tuple[str, ...] | None, Callable[[], Sequence[Part]]]]:
    """Every way: its kind, the planned supply that it is confirmed with, and how it is planned on the stand."""
    line, wanted = asked.line, asked.wanted
    for outlet in asked.outlets:
        yield "site", (), partial(_whole, line, outlet, wanted)
    if asked.allow_partial:
        for build in _known_splits(asked):
            yield "split", (), build
    for outlet in asked.outlets:
        sources = sources_for(line, outlet)
        for source in sources:
            yield VERB[source.kind], (spoken_source(source),), partial(_whole_by, asked, outlet, source)
            if asked.allow_partial:
                yield VERB[source.kind], (spoken_source(source),), partial(_split_by, asked, outlet, source)
        if len(sources) > 1 or comes_in_jobs(sources):
            kind = "mixed" if len(sources) > 1 else VERB[sources[0].kind]
            yield kind, tuple(map(spoken_source, sources)), partial(_whole_by_several, asked, outlet, sources)
    if asked.allow_partial:
        yield "mixed", None, partial(_spread, asked)


def _whole_by(asked: _Asked, outlet: Outlet, source: Source) -> Sequence[Part]:
    """By one source, as early as it can; what costs less may be to wait for more of what is known, and to plan less."""
    line, stand, aim = asked.line, asked.stand, asked.aim
    days = [asked.wanted] if aim is not Aim.CHEAPEST else list(islice(outlet.days_of_change(asked.wanted), _MOST_WAITS)) or [asked.wanted]
    best: tuple[Worth, Day] | None = None
    mark, since = stand.mark(), len(stand.planned)
    for day in days if len(days) > 1 else ():
        hop = by_source(line, outlet, source, stand, day)
        parts = () if hop is None else ((outlet, hop, line.quantity),)
        found = worth(aim, line, parts, asked.wanted, cost_of_planned(stand, since), stand)
        if best is None or found < best[0]:
            best = found, day
        stand.rollback(mark)
    hop = by_source(line, outlet, source, stand, days[0] if best is None else best[1])
    return () if hop is None else ((outlet, hop, line.quantity),)


def _whole_by_several(asked: _Asked, outlet: Outlet, sources: Sequence[Source]) -> Sequence[Part]:
    line, stand = asked.line, asked.stand
    mark = stand.mark()
    jobs = comes_in_jobs(sources) and all(by_source(line, outlet, source, stand, asked.wanted) is None for source in sources)
    stand.rollback(mark)
    hop = by_several(line, outlet, sources, stand, asked.wanted, None, jobs=jobs) if jobs or len(sources) > 1 else None
    return () if hop is None else ((outlet, hop, line.quantity),)


def _split_by(asked: _Asked, outlet: Outlet, source: Source) -> Sequence[Part]:
    return with_source(asked.line, asked.outlets, outlet, source, asked.stand, asked.wanted, asked.effort) or ()


def _spread(asked: _Asked) -> Sequence[Part]:
    return spread(asked.line, asked.outlets, asked.stand, asked.wanted, asked.effort) or ()


def _whole(line: LineRequest, outlet: Outlet, wanted: Day) -> tuple[Part, ...]:
    hop = outlet.earliest(line.quantity, wanted)
    return () if hop is None else ((outlet, hop, line.quantity),)


def _known_splits(asked: _Asked) -> Iterator[Callable[[], Sequence[Part]]]:
    """The splits from what is known that may be the best, and others that lose.

    `fewest_shipments`: the earliest of each number of them, of which the first that brings all is the best. Else the best of every set;
    what is left where that is cut, or beside allocations, are the earliest of all sites, of the first of them, and of each.
    """
    line, outlets = asked.line, asked.outlets
    asked = replace(asked, effort=max(asked.effort // len(outlets), LEAST_EFFORT))  # of many sites there are as many splits
    yield partial(_split_from, asked, line, outlets)
    if asked.aim is Aim.FEWEST_SHIPMENTS:
        for most in range(1, min(len(outlets) + 1, line.max_shipments or len(outlets) + 1) + 1):
            yield partial(_split_from, asked, replace(line, max_shipments=most), outlets)
        return
    if all(outlet.place.guard is None for outlet in outlets):
        yield partial(_best_of_sets, asked)
    for count in range(1, len(outlets)):
        yield partial(_split_from, asked, line, outlets[:count])
    for outlet in outlets:
        yield partial(_split_from, asked, line, [outlet])


def _best_of_sets(asked: _Asked) -> Sequence[Part]:
    parts, cut = best_of_sets(asked.line, asked.outlets, asked.wanted, asked.aim, asked.stand, asked.effort)
    if cut:
        asked.outlets[0].place.search_was_cut()
    return parts


def _split_from(asked: _Asked, line: LineRequest, outlets: Sequence[Outlet]) -> Sequence[Part]:
    return split_of(line, outlets, asked.wanted, line.latest_day, asked.effort)

"""What the way from a site to the customer adds to a date: cut-off times, closed days, the way itself (promising.md § 9).

Lateness of supply is supply's, and the days of the way are transport's, each as if every day were open; what is added beyond
that is added because nobody works, collects or receives, and is the calendar's:

    transport = max(0, today + pick and pack days + transit days - reached)
    calendar  = delivery - reached - transport
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.reasons import Code, Reason, because
from services.quote.domain.sentence import spoken_count, spoken_day

if TYPE_CHECKING:
    from services.quote.domain.entry import Day
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest


def days_added(outlet: Outlet, usable: Day, reached: Day, promised_day: Day | None) -> tuple[int, int]:
    """By how much the delivery of what counts from `usable` on lies behind what was reached before: by its lateness, by closed days.

    It is late by the days after the last one on which it could still have been picked for what was reached; whatever the way then
    adds, it adds because nobody works, collects or receives.
    """
    hop = outlet.after(usable)
    added = 0 if hop is None or promised_day is None else max(0, min(hop.delivery, promised_day) - reached)
    if not added:
        return 0, 0
    in_time = outlet.by(reached)
    late = usable - (outlet.first_pick if in_time is None else in_time.pick)
    late = max(0, min(added, late))
    return late, added - late


def way_reasons(outlet: Outlet, line: LineRequest, reached: Day, promised_day: Day) -> list[Reason]:
    """The days that handling and transport add, were everything on hand: cut-off and closed days first, the way itself then.

    The way itself adds what it would add if every day were open and the order in time: today + its days - what was reached.
    All else is added because nobody works, collects or receives.
    """
    first = outlet.after(outlet.place.today)
    if first is None or min(first.delivery, promised_day) <= reached:
        return []
    added = min(first.delivery, promised_day) - reached
    way, today, site = outlet.way, outlet.place.today, outlet.site
    transit = way.transit_days if way.lane else 0
    moving = min(added, max(0, today + way.pick_pack_days + transit - reached))
    found: list[Reason] = []
    handled = outlet.first_pick
    waited = min(added - moving, handled - today)
    if waited > 0:
        if way.site_calendar.works(today):
            found.append(because(Code.CUT_OFF_PASSED, f"{site} handles no more today, next on {spoken_day(handled)}", site, waited))
        else:
            found.append(because(Code.CLOSED_DAYS, f"{site} works again on {spoken_day(handled)}", site, waited))
    if added > moving + waited:
        found.append(closed_days(outlet, handled, added - moving - waited))
    if moving:
        packing = f"{spoken_count(way.pick_pack_days, 'day')} to pick and pack at {site}" if way.pick_pack_days else ""
        there = f"{spoken_count(transit, 'day')} on the way to {line.ship_to}" if transit else ""
        said = " and ".join(part for part in (packing, there) if part)
        found.append(because(Code.TRANSIT, said, way.lane or site, moving))
    return found


def closed_days(outlet: Outlet, usable: Day, days: int) -> Reason:
    """Days on which what could be picked from `usable` on stood still, with whoever it waited for longest: site, carrier or customer."""
    way, site = outlet.way, outlet.site
    start = max(usable, outlet.first_pick)
    hop = way.deliver(start)
    packed = None if hop is None else way.site_calendar.plus(hop.pick, way.pick_pack_days)
    if hop is None or packed is None:
        return because(Code.CLOSED_DAYS, f"{site} is closed", site, days)
    if way.lane is None:
        return because(Code.CLOSED_DAYS, f"{site} ships again on {spoken_day(hop.ship)}", site, days)
    arrival = way.carrier_calendar.plus(hop.ship, way.transit_days) or hop.delivery
    waits = (
        (packed - start - way.pick_pack_days, f"{site} ships again on {spoken_day(hop.ship)}", site),
        (hop.ship - packed, f"{way.lane} collects again on {spoken_day(hop.ship)}", way.lane),
        (arrival - hop.ship - way.transit_days, f"closed days on the way from {site}, there on {spoken_day(hop.delivery)}", way.lane),
        (hop.delivery - arrival, f"nothing is received before {spoken_day(hop.delivery)}", way.lane),
    )
    _, said, ref = max(waits, key=lambda wait: wait[0])
    return because(Code.CLOSED_DAYS, said, ref, days)

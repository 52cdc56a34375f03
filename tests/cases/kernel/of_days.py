"""Cases about calendars, cut-off times and ways."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import first_handling_day
from tests.cases.kernel.shelf import WEEKDAYS, a_way, all_days_but, day_of


def check_handling_and_shipping_backward(case: dict[str, Any]) -> None:
    """Their shipment date is the day on which handling starts: our pick date."""
    given = case["given"]
    way = a_way(pick_pack_days=given["outbound_handling_days"], transit_days=given["shipping_days"])
    found = way.latest_pick(day_of(case["ask"]["requested_delivery"]))
    assert found is not None
    assert found[0] == day_of(case["expect"]["earliest_ship"])
    assert way.deliver(found[0]) == found


def check_handling_over_a_closed_day(case: dict[str, Any]) -> None:
    given = case["given"]
    closed = all_days_but(given["non_working"])
    way = a_way(site_calendar=closed, pick_pack_days=given["outbound_handling_days"], transit_days=given["shipping_days"])
    pick = day_of(case["ask"]["shipment_date"])
    assert way.deliver(pick) == (pick, day_of(case["expect"]["planned_shipment"]), day_of(case["expect"]["planned_delivery"]))


def check_next_working_day(case: dict[str, Any]) -> None:
    """Asked at closing time. Ours are days, so the answer is compared without the opening hour."""
    assert case["given"]["calendar"] == "Mon-Fri 09-17"
    calendar = Calendar((480,) * 5 + (0, 0), {day_of(holiday): 0 for holiday in case["given"]["holidays"]})
    found = [calendar.plus(day_of(asked[:10]), 1) for asked in case["ask"]["next_open_after"]]
    assert found == [day_of(answer[:10]) for answer in case["expect"]["answers"]]


def check_receiving_days(case: dict[str, Any]) -> None:
    """The end of the customer's window is the cut-off of what could arrive that day. Ours are days, so the hour is not compared."""
    given, asked = case["given"], case["ask"]
    receiving = Calendar(tuple(480 if name in given["weekdays"].split() else 0 for name in WEEKDAYS), {})
    closes = time.fromisoformat(given["receiving_window"].partition("-")[2])
    first = first_handling_day(EVERY_DAY, [closes], datetime.fromisoformat(asked["now"]).replace(tzinfo=UTC))
    assert first is not None
    found = a_way(transit_days=asked["lead_days"], receiving_calendar=receiving, first_pick=first).deliver(first)
    assert found is not None
    assert found[2] == day_of(case["expect"]["delivery"][:10])


def check_security_days(case: dict[str, Any]) -> None:
    """Delivery is promised for the order's day and the customer's lead time; it is picked so much earlier."""
    given = case["given"]
    promised = day_of(given["order"]) + given["customer_lead_days"]
    found = a_way(pick_pack_days=given["security_days"], lane=None).latest_pick(promised)
    assert found == (day_of(case["expect"]["pick_scheduled"]), promised, promised)


def check_cut_off(case: dict[str, Any]) -> None:
    """Theirs is the instant of the cut-off on the day on which the order is handled."""
    zone, cut_off = ZoneInfo(case["given"]["tz"]), time.fromisoformat(case["given"]["cutoff"])
    found = first_handling_day(EVERY_DAY, [cut_off], datetime.fromisoformat(case["ask"]["now"]).astimezone(zone))
    assert found is not None
    assert datetime.combine(date.fromordinal(found), cut_off, zone) == datetime.fromisoformat(case["expect"]["expected"])

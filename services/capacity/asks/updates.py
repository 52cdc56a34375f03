"""What capacity may be told by events: the bodies of its calls, each with its own id."""

from services.capacity.asks.calendars import CalendarAsk
from services.capacity.asks.fields import CivilDate, ExpectedRevision, Name
from services.capacity.asks.products import BomAsk, RoutingAsk
from shared.quantities import Code, RequestModel


class CalendarSet(CalendarAsk):
    """`calendar-set`: the body of `PUT /v1/calendars/{id}` with its id."""

    calendar: Code


class BomSet(BomAsk):
    """`bom-set`: the body of `PUT /v1/boms/{sku}` with its sku."""

    sku: Code


class RoutingSet(RoutingAsk):
    """`routing-set`: the body of `PUT /v1/routings/{sku}` with its sku."""

    sku: Code


class CorrectionRemoved(RequestModel):
    """`exception-removed`: downtime or overtime of a day is taken back."""

    resource: Name
    date: CivilDate
    expected_revision: ExpectedRevision = None

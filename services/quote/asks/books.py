"""What may be asked of many books at once."""

from pydantic import Field

from shared.days import CivilDate
from shared.quantities import Code, RequestModel


class PairAsk(RequestModel):
    """A sku at a site."""

    sku: Code
    site: Code


class BulkAvailabilityAsk(RequestModel):
    """Availability of many pairs at once."""

    pairs: list[PairAsk] = Field(min_length=1, max_length=5000)
    from_date: CivilDate | None = None
    to_date: CivilDate | None = None

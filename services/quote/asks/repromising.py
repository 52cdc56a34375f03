"""What may be asked of promises that are decided anew."""

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.quote.asks.masterdata import StabilityAsk
from services.quote.domain.demandclass import Strategy
from shared.quantities import Code, Note, RequestModel


class RepromiseScope(RequestModel):
    """Which promises may move. What is given together narrows: lines of these items, at these sites, of these orders, in danger."""

    skus: list[Code] | None = Field(default=None, min_length=1, max_length=1000)
    sites: list[Code] | None = Field(default=None, min_length=1, max_length=1000)
    orders: list[Code] | None = Field(default=None, min_length=1, max_length=5000, description="Ids, or the numbers of another system.")
    at_risk: bool = Field(default=False, description="Only lines that are at risk or missed now.")

    @model_validator(mode="after")
    def _narrows(self) -> "RepromiseScope":
        if not (self.skus or self.sites or self.orders or self.at_risk):
            raise PydanticCustomError("scope_empty", "name skus, sites, orders, or at_risk: true")
        return self


class StrategiesAsk(RequestModel):
    """Who may win and who must give way; an order's word counts before a class's, that before the default.

    `win`: must keep or regain its requested date, goes first. `gain`: keeps or improves. `redistribute`: may improve or worsen.
    `fill`: keeps or worsens, never improves. `lose`: gives way first.
    """

    orders: dict[Code, Strategy] = Field(default={}, max_length=5000, description="By order; orders named here are in the scope too.")
    classes: dict[Code, Strategy] = Field(default={}, max_length=1000, description="By class of demand; holds for the classes inside it.")
    default: Strategy | None = Field(default=None, description="Of all others; by default what their class says, else `redistribute`.")


class RepromiseAsk(RequestModel):
    """Decide promises anew, as a simulation."""

    scope: RepromiseScope
    strategies: StrategiesAsk = StrategiesAsk()
    limits: StabilityAsk | None = Field(default=None, description="Narrower than policies say: what goes further needs a person's word.")
    reason: Note | None = None
    idempotency_key: str | None = Field(default=None, max_length=255)


class ApplyAsk(RequestModel):
    """Let a simulation come true."""

    approve: bool = Field(default=False, description="A person agrees to moves beyond the stability budget.")
    reason: Note | None = None
    document: Note | None = None
    idempotency_key: str | None = Field(default=None, max_length=255)

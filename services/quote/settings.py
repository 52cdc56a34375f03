"""What can be turned in quote."""

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from shared.settings import CommonSettings


class Settings(CommonSettings):
    """Environment `PLEDGE_QUOTE_<NAME>`, or `PLEDGE_<NAME>` for what all services share."""

    service: ClassVar[str] = "quote"

    port: int = 8001
    inventory_url: str = "http://127.0.0.1:8002"
    """Where a snapshot of supply is read when the log no longer holds what was missed."""
    capacity_url: str = "http://127.0.0.1:8003"
    """The same of calendars, resources, bills of material and routings."""
    service_key: SecretStr | None = None
    """The key with which quote asks them; the development key when there is none."""
    batch_requests: int = Field(default=128, ge=1)
    """Changes of the books that one transaction takes at most."""
    queue_requests: int = Field(default=2048, ge=1)
    """Changes that may wait at the door; one more is answered 503."""
    board_poll_milliseconds: int = Field(default=50, ge=5)
    sweep_milliseconds: int = Field(default=500, ge=10)
    log_flush_milliseconds: int = Field(default=200, ge=10, le=250)
    log_queue_decisions: int = Field(default=50_000, ge=1)
    log_days: int = Field(default=7, ge=1)
    idempotency_days: int = Field(default=30, ge=1)
    stale_after_seconds: float = Field(default=30.0, gt=0)
    """An input older than this is called stale in every answer."""
    past_due_offset_days: int = Field(default=1, ge=0)
    past_due_limit_days: int = Field(default=30, ge=0)
    hold_ttl_seconds_max: int = Field(default=2_592_000, ge=1)
    hold_ttl_seconds_max_by_role: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """For callers whose key was made for a role, where less than the above: `{"sales": 259200}`."""
    hold_quantity_max: Annotated[Decimal, Field(gt=0)] | None = None
    """Of one item, in its unit, that one caller may hold at a time, over all its open holds; none: as much as there is."""
    hold_quantity_max_by_role: dict[str, Annotated[Decimal, Field(gt=0)]] = Field(default_factory=dict)
    """The same for callers whose key was made for a role: `{"integration": 500}`; it counts instead."""
    horizon_days: int = Field(default=1096, ge=1)
    """A date further ahead than this is refused: three years."""

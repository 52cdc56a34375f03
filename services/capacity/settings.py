"""What can be turned in capacity."""

from typing import ClassVar

from pydantic import Field, SecretStr

from shared.settings import CommonSettings


class Settings(CommonSettings):
    """Environment `PLEDGE_CAPACITY_<NAME>`, or `PLEDGE_<NAME>` for what all services share."""

    service: ClassVar[str] = "capacity"

    port: int = 8003
    inventory_url: str = "http://127.0.0.1:8002"
    """Where a snapshot of the items is read when the log no longer holds what was missed."""
    quote_url: str = "http://127.0.0.1:8001"
    """Where quote says which customers receive by a calendar, before a file takes the calendar back."""
    service_key: SecretStr | None = None
    """The key with which capacity asks the others; the development key when there is none."""
    statement_timeout_milliseconds: int = Field(10_000, ge=1000)
    """A calendar tells of every resource that works by it in one transaction."""
    horizon_look_seconds: float = Field(600.0, gt=0)
    """How often is looked whether days that were worked out come to their end."""
    update_dead_letter_limit: int = Field(200, ge=1, le=1_000_000)
    """So many updates in a row that cannot be taken stop their feed: one sender's bad day is no release of ours, but has an end."""

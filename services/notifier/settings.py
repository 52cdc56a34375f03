"""What can be turned in notifier."""

from typing import ClassVar

from pydantic import Field, SecretStr

from services.notifier.domain.retrying import DELAYS_SECONDS
from shared.settings import CommonSettings


class Settings(CommonSettings):
    """Environment `PLEDGE_NOTIFIER_<NAME>`, or `PLEDGE_<NAME>` for what all services share."""

    service: ClassVar[str] = "notifier"

    port: int = Field(8004, ge=0, le=65535)
    quote_url: str = "http://127.0.0.1:8001"
    """Where every danger and order is read again when the log no longer holds what was missed."""
    service_key: SecretStr | None = None
    """The key with which quote is asked; the development key when there is none."""
    statement_timeout_milliseconds: int = Field(10_000, ge=1000)
    gather_milliseconds: int = Field(250, ge=0, le=60_000)
    """How long a message waits for more news of the same cause: one late order tells of many promises, one after the other."""
    delivery_timeout_seconds: float = Field(15.0, gt=0, le=60)
    """For one attempt as a whole: name, connection, answer."""
    retry_delays_seconds: tuple[float, ...] = Field(DELAYS_SECONDS, min_length=1, max_length=100)
    """Before each attempt, as JSON: `[0, 5, 30]`. The last failure makes a message undeliverable."""
    deliveries_at_once: int = Field(32, ge=1, le=1000)
    delivery_days: int = Field(30, ge=1, le=3650)
    """How long messages that have ended are kept."""
    private_addresses: bool = True
    """False: no subscription may have `allow_private`, whoever writes it."""

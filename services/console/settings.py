"""What can be turned in console."""

from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from shared.access import is_loopback
from shared.settings import CommonSettings


class Settings(CommonSettings):
    """Environment `PLEDGE_CONSOLE_<NAME>`, or `PLEDGE_<NAME>` for what all services share."""

    service: ClassVar[str] = "console"

    database_url: str = ""
    """The console keeps nothing: neither this nor `kafka` is asked of it."""
    kafka: str = ""
    key_secret: SecretStr = SecretStr("")
    port: int = 8000
    quote_url: str = "http://127.0.0.1:8001"
    inventory_url: str = "http://127.0.0.1:8002"
    capacity_url: str = "http://127.0.0.1:8003"
    notifier_url: str = "http://127.0.0.1:8004"
    key: SecretStr | None = None
    """The API key with which the console asks the others. What it shows, everybody who reaches the console may read."""
    books_per_page: int = Field(default=12, ge=1, le=100)
    horizon_days: int = Field(default=28, ge=7, le=366)
    """How far the pictures look ahead, unless the reader asks for more."""
    listed_books_max: int = Field(default=20_000, ge=1)
    """Books kept in the list to choose from; further ones are counted and said."""
    watch_seconds: float = Field(default=1.0, gt=0)
    """Between two looks at the freshness of the feeds and the health of the services."""
    coalesce_milliseconds: int = Field(default=300, ge=10)
    """Changes of one book within this time reach a page as one picture."""
    request_timeout_seconds: float = Field(default=4.0, gt=0)

    @field_validator("database_url")
    @classmethod
    def _a_postgresql_url(cls, value: str) -> str:
        """Nothing is asked of it: the console has no database."""
        return value

    @property
    def may_commit(self) -> bool:
        """Whether the desk's buttons may hold and confirm: only where nobody but this machine can press them."""
        return is_loopback(self.host)

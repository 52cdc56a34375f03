"""What can be turned in inventory."""

from typing import ClassVar

from pydantic import Field

from shared.settings import CommonSettings


class Settings(CommonSettings):
    """Environment `PLEDGE_INVENTORY_<NAME>`, or `PLEDGE_<NAME>` for what all services share."""

    service: ClassVar[str] = "inventory"

    port: int = Field(8002, ge=0, le=65535)
    statement_timeout_milliseconds: int = Field(10_000, ge=1000)
    """A thousand movements are one transaction of a few statements."""
    update_dead_letter_limit: int = Field(200, ge=1, le=1_000_000)
    """So many updates in a row that cannot be taken stop their feed: one sender's bad day is no release of ours, but has an end."""

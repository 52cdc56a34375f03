"""What can be turned in capacity."""

from typing import ClassVar

from shared.settings import CommonSettings


class Settings(CommonSettings):
    """Environment `PLEDGE_CAPACITY_<NAME>`, or `PLEDGE_<NAME>` for what all services share."""

    service: ClassVar[str] = "capacity"

    port: int = 8003

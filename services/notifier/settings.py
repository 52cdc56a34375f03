"""What can be turned in notifier."""

from typing import ClassVar

from shared.settings import CommonSettings


class Settings(CommonSettings):
    """Environment `PLEDGE_NOTIFIER_<NAME>`, or `PLEDGE_<NAME>` for what all services share."""

    service: ClassVar[str] = "notifier"

    port: int = 8004

"""Where the services of one installation answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Urls:
    """The base address of each, without a slash at the end."""

    console: str
    quote: str
    inventory: str
    capacity: str
    notifier: str

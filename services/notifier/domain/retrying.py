"""When is a message tried again that could not be delivered?"""

from collections.abc import Sequence

DELAYS_SECONDS = (0.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0)
"""Before each attempt: ten in 31 hours. Source: the example of https://www.standardwebhooks.com, spread over more than a day."""
SPREAD = 0.2
"""Delays differ by a tenth up or down, so that what failed together does not come back together."""


def next_delay(delays: Sequence[float], failed: int, chance: float, asked_seconds: float | None = None) -> float | None:
    """Seconds until the next attempt after `failed` ones; None when that was the last.

    `chance` from 0 to 1 spreads it. The receiver may ask for more (`Retry-After`), at most as long as the longest delay.
    """
    if failed >= len(delays):
        return None
    own = delays[failed] * (1 - SPREAD / 2 + SPREAD * chance)
    return max(own, min(asked_seconds or 0.0, max(delays)))

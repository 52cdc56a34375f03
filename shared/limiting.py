"""How often may one caller call? A token bucket for each, in this process.

Kept as one instant per caller: when its bucket will be full again (the generic cell rate algorithm). A call that may pass costs a
look-up and an addition; the library `limits` would cost an await and a storage for each, on the path of every inquiry.
"""

import math
import time
from collections.abc import Callable

from shared.problems import Problem


class Limiter:
    """Each caller may call `per_second` times on average, and `burst` times at once after a rest."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1.0 / per_second
        self._slack = max(burst, 1) * self._interval
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def take(self, caller: str) -> None:
        """Count a call. Raises a 429 Problem that says when the next one may pass."""
        now = self._clock()
        full_at = max(self._full_at.get(caller, now), now) + self._interval
        early = full_at - now - self._slack
        if early > 1e-9:  # noqa: PLR2004 -- sums of intervals are not exact
            seconds = math.ceil(early)
            detail = f"This caller calls too often: {1 / self._interval:g} times a second, {round(self._slack / self._interval)} at once."
            raise Problem(429, "TOO_MANY_REQUESTS", detail, headers={"Retry-After": str(seconds)})
        self._full_at[caller] = full_at


def limiter(per_second: float, burst: int) -> Limiter | None:
    """None when nobody is limited. Without a burst a second's worth may come at once."""
    return Limiter(per_second, burst or math.ceil(per_second)) if per_second else None

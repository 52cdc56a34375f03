"""A bucket for each caller: what may pass, what may not, and when the next call may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.limiting import Limiter, limiter
from shared.problems import Problem


class Clock:
    """Stands for the monotonic clock."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def passes(bucket: Limiter, caller: str = "shop") -> bool:
    try:
        bucket.take(caller)
    except Problem:
        return False
    return True


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Clock()
    bucket = Limiter(2, 3, clock)
    assert [passes(bucket) for _ in range(5)] == [True, True, True, False, False]
    clock.now += 0.5
    assert [passes(bucket), passes(bucket)] == [True, False]
    clock.now += 60
    assert [passes(bucket) for _ in range(4)] == [True, True, True, False], "a rest saves no more than the burst"


def test_one_callers_haste_is_nobody_elses_loss() -> None:
    bucket = Limiter(1, 1, Clock())
    assert [passes(bucket, "a"), passes(bucket, "a"), passes(bucket, "b")] == [True, False, True]


def test_whoever_waits_as_long_as_told_passes() -> None:
    clock = Clock()
    bucket = Limiter(0.1, 1, clock)
    bucket.take("shop")
    with pytest.raises(Problem) as refused:
        bucket.take("shop")
    assert (refused.value.status, refused.value.code, refused.value.retryable) == (429, "TOO_MANY_REQUESTS", True)
    assert refused.value.headers["Retry-After"] == "10"
    clock.now += 10
    assert passes(bucket)


def test_nobody_is_limited_unless_it_is_asked_for() -> None:
    assert limiter(0, 5) is None


@given(st.integers(1, 50), st.integers(1, 20), st.lists(st.integers(0, 500), max_size=60))
def test_it_is_the_bucket_that_leaks_at_the_rate(per_second: int, burst: int, pauses: list[int]) -> None:
    """Against a bucket of tokens, counted exactly in thousandths of a second."""
    clock = Clock(0.0)
    bucket, tokens, at = Limiter(per_second, burst, clock), burst * 1000, 0
    for pause in pauses:
        at += pause
        clock.now = at / 1000
        tokens = min(burst * 1000, tokens + pause * per_second)
        assert passes(bucket) == (tokens >= 1000)
        if tokens >= 1000:
            tokens -= 1000

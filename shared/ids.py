"""How things are named: a prefix that says what it is, and a ULID that sorts by time."""

import random
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Ten bits at a time: five look-ups make the ten characters of the time, eight the sixteen of chance."""
_instant: tuple[int, str] = (0, "0" * 10)


def new_id(prefix: str) -> str:
    """`ord_01J…`: 48 bits of Unix time in milliseconds and 80 random bits in Crockford's base 32 (26 characters).

    Ids sort by the millisecond in which they were made; within one millisecond their order is random.
    Source: https://github.com/ulid/spec.
    """
    global _instant  # noqa: PLW0603 -- a cache of one value: the time's characters stay the same for a millisecond
    now = time.time_ns() // 1_000_000
    if now != _instant[0]:
        _instant = (now, "".join([_PAIRS[now >> shift & 1023] for shift in (40, 30, 20, 10, 0)]))
    chance = random.getrandbits(80)
    return prefix + "_" + _instant[1] + "".join([_PAIRS[chance >> shift & 1023] for shift in (70, 60, 50, 40, 30, 20, 10, 0)])

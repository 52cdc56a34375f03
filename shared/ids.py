"""How things are named: a prefix that says what it is, and a ULID that sorts by time."""

import random
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Ten bits at a time: thirteen look-ups make the 26 characters."""
_SHIFTS = tuple(range(120, -1, -10))


def new_id(prefix: str) -> str:
    """`ord_01J…`: 48 bits of Unix time in milliseconds and 80 random bits in Crockford's base 32 (26 characters).

    Ids sort by the millisecond in which they were made; within one millisecond their order is random.
    Source: https://github.com/ulid/spec.
    """
    value = (time.time_ns() // 1_000_000) << 80 | random.getrandbits(80)
    return prefix + "_" + "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])

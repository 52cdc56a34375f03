"""How things are named: a prefix that says what it is, and a ULID that sorts by time."""

import random
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
"""A random byte as a character: each of the 32 stands for eight of the 256."""
_second: tuple[int, str] = (0, "0" * 8)


def new_id(prefix: str) -> str:
    """`ord_01J…`: 48 bits of Unix time in milliseconds and 80 random bits in Crockford's base 32 (26 characters).

    Ids sort by the millisecond in which they were made; within one millisecond their order is random.
    Source: https://github.com/ulid/spec.
    """
    global _second  # noqa: PLW0603 -- a cache of one value: the first eight characters of the time stay the same for 1,024 milliseconds
    now = time.time_ns() // 1_000_000
    if now >> 10 != _second[0]:
        _second = (now >> 10, "".join([_ALPHABET[now >> shift & 31] for shift in range(45, 9, -5)]))
    chance = random.randbytes(16).translate(_LETTERS).decode()  # noqa: S311 -- a name is no secret
    return f"{prefix}_{_second[1]}{_ALPHABET[now >> 5 & 31]}{_ALPHABET[now & 31]}{chance}"

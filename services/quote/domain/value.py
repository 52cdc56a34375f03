"""A value that is made many times for one answer (promising.md § 4): frozen to every reader and to the type checker, cheap to make.

A frozen dataclass sets each of its fields through `object.__setattr__`, which costs as much as four plain assignments; an
answer of one line is made of a dozen such values. So `@value(frozen=True, slots=True)` is a frozen dataclass to the type
checker, which refuses whatever would change one, and a plain dataclass with slots, equality and a hash when it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool) -> Callable[[type[Any]], type[Any]]:
        """A dataclass that is frozen for the type checker alone."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["value"]

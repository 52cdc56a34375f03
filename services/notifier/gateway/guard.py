"""Whatever a library connects to: may it?

A library that resolves a name by itself may get another address than the one that was looked at (DNS rebinding). So it is the
connection that is looked at: Python tells every hook of each address before a socket goes there, and here those that are made while
`guarded` are refused by the same rule as everybody's. Who connects from a thread of its own making leaves the guard behind; such
channels are refused in people.py unless private addresses are allowed.
"""

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from services.notifier.gateway.addresses import Refused, refusal

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


@dataclass(slots=True)
class _Guard:
    allow_private: bool
    refused: str | None = None
    """The first address that was refused; a library may swallow the error."""


_GUARD: ContextVar[_Guard | None] = ContextVar("guard", default=None)


@contextmanager
def guarded(*, allow_private: bool) -> Iterator[None]:
    """Let nothing in this context connect to what `addresses.refusal` names. Raises Refused when something has tried."""
    _Hook.install()
    guard = _Guard(allow_private)
    token = _GUARD.set(guard)
    try:
        yield
    finally:
        _GUARD.reset(token)
        if guard.refused is not None:
            raise Refused(guard.refused)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _CONNECTING or (guard := _GUARD.get()) is None:
        return
    why = _why_not(arguments[1], allow_private=guard.allow_private)
    if why is not None:
        guard.refused = guard.refused or why
        raise PermissionError(why)


def _why_not(address: object, *, allow_private: bool) -> str | None:
    """Why nothing goes there; None when it may. A name would be resolved where nobody looks."""
    if address is None:
        return None  # a datagram over a socket that is connected: it was looked at then
    if not isinstance(address, tuple):
        return f"{address!r} is on this machine"
    host = str(address[0])
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None if allow_private else f"{host} is a name, which would be resolved unseen"
    kind = refusal(found, allow_private=allow_private)
    return None if kind is None else f"{host} is {kind}"


class _Hook:
    installed = False

    @classmethod
    def install(cls) -> None:
        """Hooks stay for the life of the process; it is installed when the first channel of others is used."""
        if not cls.installed:
            sys.addaudithook(_look)
            cls.installed = True

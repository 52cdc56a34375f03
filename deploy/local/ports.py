"""Which ports are free on loopback, and who may be asked whether one answers?"""

import contextlib
import socket
from collections.abc import Iterable

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now; a socket in TIME_WAIT does not count as taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return True
    return False


def free_port() -> int:
    """Return a loopback port that was free a moment ago; whoever takes it must be ready to find it taken after all."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def first_free_base(offsets: Iterable[int], start: int, step: int = 100, last: int = 60000) -> int:
    """Return the first port base at or after `start` for which every base + offset is free."""
    wanted = tuple(offsets)
    for base in range(start, last, step):
        if all(is_free(base + offset) for offset in wanted):
            return base
    message = f"no free ports between {start} and {last} on {LOOPBACK}"
    raise OSError(message)


def answers(host: str, port: int, within_seconds: float = 1.0) -> bool:
    """Say whether something accepts TCP connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=within_seconds):
        return True
    return False

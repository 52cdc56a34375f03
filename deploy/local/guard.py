"""Who ends the children where the kernel does not (macOS), when their parent was killed?

One process that reads the parent's orders from a pipe. The pipe ends when the parent does, whatever ended it; then the guard
sends each child the signal it was given, and a few seconds later SIGKILL to the groups that are still there.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import IO

_GRACE_SECONDS = 5.0


class Guard:
    """Our end of the pipe; starts the guard process with the first child."""

    def __init__(self) -> None:
        self._orders: IO[bytes] | None = None

    def watch(self, pid: int, how: signal.Signals) -> None:
        """Have `pid` signalled when we die."""
        if self._orders is None:
            process = subprocess.Popen([sys.executable, "-S", __file__], stdin=subprocess.PIPE, start_new_session=True)
            self._orders = process.stdin
        assert self._orders is not None
        self._orders.write(f"{pid} {int(how)}\n".encode())
        self._orders.flush()


GUARD = Guard()


def _stand_guard() -> None:
    watched: dict[int, int] = {}
    for order in sys.stdin:
        pid, how = order.split()
        watched[int(pid)] = int(how)
    _tell(watched)
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline and any(_lives(pid) for pid in watched):
        time.sleep(0.1)
    _tell(dict.fromkeys(watched, int(signal.SIGKILL)))


def _tell(watched: dict[int, int]) -> None:
    for pid, how in watched.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, how)


def _lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, 0)
        return True
    return False


if __name__ == "__main__":
    _stand_guard()

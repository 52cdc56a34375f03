"""Which program listens on a port? Linux tells without any tool; elsewhere the answer is how to ask."""

import contextlib
import sys
from pathlib import Path

_LISTENING = "0A"  # the state of a socket in /proc/net/tcp (proc(5))


def owner_of(port: int) -> str | None:
    """Return the listener on a TCP port as `name (pid N)`, None when it cannot be told (another user's, for instance)."""
    if sys.platform != "linux":
        return f"a program that `lsof -i :{port}` names"
    sockets = _listeners(port)
    if not sockets:
        return None
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return None


def _listeners(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found

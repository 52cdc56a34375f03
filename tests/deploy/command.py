"""`pledge` as a person runs it: a process of its own, its lines as they come, and what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.layout import Layout
from deploy.local.ports import first_free_base, free_port

# Bounds for a machine that does other things at once; alone it takes a tenth of this.
START_SECONDS = 120.0
STOP_SECONDS = 10.0
"""What is promised."""
_BUSY = 4.0
"""Programs that wait for each processor: from there on a stop is given as much longer as it has to share."""
_PLEDGE = [sys.executable, "-c", "from deploy.cli import main; main()"]
_PID = re.compile(r"^(\S+) pid (\d+)$", re.MULTILINE)


def pledge(*arguments: str | Path, within_seconds: float = START_SECONDS) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*_PLEDGE, *map(str, arguments)], env=environment(), capture_output=True, text=True, check=False, timeout=within_seconds
    )


def environment() -> dict[str, str]:
    """Return our environment without what somebody exported for an installation of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PLEDGE_")}


def stop_seconds() -> float:
    """Return how long a stop may take: what is promised, and more on a machine that is far too busy with other things."""
    return STOP_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / _BUSY)


def a_port_base() -> int:
    """Return a port base above which an installation of two replicas fits, far from other copies of these tests."""
    return first_free_base(
        Layout(0, 2).offsets().values(), 10_000 + free_port() % 20_000, step=37
    )  # below what the system gives to connections


class Started:
    """A `pledge up` or `pledge demo` in the foreground of its own process."""

    def __init__(self, directory: Path, *arguments: str | Path) -> None:
        self._directory = directory
        self._arguments = [*_PLEDGE, *map(str, arguments)]
        self.start()

    def start(self) -> None:
        """Start it, or the same once more when it has ended; what the first one said is no longer looked at."""
        self.output = self._directory / f"output-{time.monotonic_ns()}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self._arguments, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    @property
    def said(self) -> str:
        """Return everything it said so far."""
        return self.output.read_text()

    @property
    def lines(self) -> list[str]:
        """Return the same, line by line."""
        return self.said.splitlines()

    def pids(self) -> dict[str, int]:
        """Return the newest process id of each child, by its name."""
        return {name: int(pid) for name, pid in _PID.findall(self.said)}

    def url(self, name: str) -> str:
        """Return the URL it printed for a process."""
        found = re.search(rf"^{name}\s+(http://\S+)$", self.said, re.MULTILINE)
        assert found, f"no URL of {name} in:\n{self.said}"
        return found[1]

    @property
    def key(self) -> str:
        """Return the development key it printed."""
        found = re.search(r"^key\s+(\S+)$", self.said, re.MULTILINE)
        assert found, self.said
        return found[1]

    def until_ready(self) -> Self:
        """Return when it said `ready`."""
        until(lambda: "ready" in self.lines or self.process.poll() is not None, "ready")
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.said}"
        return self

    def stop(self) -> float:
        """Send SIGTERM; return how many seconds it took to end."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        return time.monotonic() - begun


def until(true: Callable[[], object], what: str, within_seconds: float = START_SECONDS) -> None:
    """Wait for something another process does; fail with `what` when it does not."""
    deadline = time.monotonic() + within_seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {within_seconds:g} s: {what}"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    """Say whether the process is there and more than a memory (a zombie that its new parent has not yet buried)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    shown = Path(f"/proc/{pid}/stat")
    try:
        return not Path("/proc/self").exists() or shown.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

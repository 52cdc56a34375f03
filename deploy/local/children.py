"""How does a child process start so that it never outlives us, and how does it stop?

Linux tells a child that its parent died (PR_SET_PDEATHSIG); the signal is bound to the *thread* that forked, so children are
started from the main thread. Elsewhere a guard process (guard.py) does the same for all of them.
Each child leads its own process group: Ctrl-C in a terminal reaches the supervisor alone, which stops them in order.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from deploy.local.guard import GUARD
from deploy.local.identity import LIBC, OURSELVES, Identity

_PR_SET_PDEATHSIG = 1


class Child(Protocol):
    """A process that we have started; subprocess.Popen is one."""

    pid: int

    def poll(self) -> int | None:
        """The exit code once it has ended."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        ...

    def send_signal(self, sig: int, /) -> None:
        """Send a signal."""
        ...


def start(
    arguments: Sequence[str | Path],
    *,
    log: Path,
    at_parents_death: signal.Signals = signal.SIGKILL,
    environment: Mapping[str, str] | None = None,
    identity: Identity = OURSELVES,
    directory: Path | None = None,
) -> Child:
    """Start a child that writes what it says to `log` and gets the signal `at_parents_death` when we die, however we die.

    Raises OSError when the program cannot be run, subprocess.SubprocessError when the identity cannot be put on.
    """
    parent = os.getpid()

    def prepare() -> None:
        identity.put_on()
        # After the change of identity, which clears it (prctl(2)).
        if sys.platform == "linux":
            LIBC.prctl(_PR_SET_PDEATHSIG, int(at_parents_death))
            if os.getppid() != parent:
                os._exit(1)

    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment) if environment is not None else None,
            cwd=directory,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - the child execs at once and `prepare` takes no lock: system calls alone
        )
    if sys.platform != "linux":
        GUARD.watch(child.pid, at_parents_death)
    return child


def tell(child: Child, how: signal.Signals) -> None:
    """Send a signal to the child, unless it has ended."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(how)


def stop(child: Child, how: signal.Signals = signal.SIGTERM, within_seconds: float = 8.0) -> int:
    """Ask the child to stop, wait, and kill its whole group when it does not; return its exit code."""
    tell(child, how)
    try:
        return child.wait(within_seconds)
    except subprocess.TimeoutExpired:
        return kill(child)


def kill(child: Child) -> int:
    """End the child and its process group at once; return its exit code."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    return child.wait()


def last_words(log: Path, lines: int = 3) -> str:
    """Return the last lines a child wrote, for the one who must find out why it ended."""
    try:
        with log.open("rb") as source:
            source.seek(max(0, log.stat().st_size - 8192))
            tail = source.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in tail.splitlines() if line.strip()][-lines:])

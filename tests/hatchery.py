"""How do tests start a service without waiting for its imports? By a process that has them all and forks.

Importing what a service is made of takes more than a second of a processor, and a run of the tests starts more than a hundred of
them. The hatchery imports everything once and then, asked over a socket, forks: what runs in the fork is `python -m services.X` as it
is, with an environment, a working directory and a log of its own. Linux alone; elsewhere every service gets an interpreter of its own.
"""

import atexit
import ctypes
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.local import children

PR_SET_PDEATHSIG = 1
SERVICES = ("quote", "inventory", "capacity", "notifier", "console")
START_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class Hatched:
    """A service that was forked; to be stopped and waited for like any child."""

    def __init__(self, line: socket.socket, module: str) -> None:
        self._line = line
        self._answers = line.makefile("rb")
        self.args = module
        self.pid = int(self._next())
        self.returncode: int | None = None

    def _next(self) -> bytes:
        answer = self._answers.readline()
        if not answer:
            message = f"the hatchery died while it ran {self.args}"
            raise ChildProcessError(message)
        return answer

    def poll(self) -> int | None:
        """The exit code once it has ended."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self.returncode = int(self._next())
            self._answers.close()
            self._line.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            select.select([self._line], [], [], left)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


class Hatchery:
    """The process that forks, started when it is first asked for; it ends with us, and all that it has forked with it."""

    def __init__(self) -> None:
        self._child: children.Child | None = None
        self._address = f"\0pledge-hatchery-{os.getpid()}-{time.monotonic_ns()}"

    def hatch(self, module: str, *, log: Path, environment: Mapping[str, str], directory: Path) -> Hatched:
        """Run `python -m module`."""
        if self._child is None or self._child.poll() is not None:
            self._start(log.with_name("hatchery.log"))
        line = socket.socket(socket.AF_UNIX)
        line.connect(self._address)
        wanted = {"module": module, "log": str(log), "environment": dict(environment), "directory": str(directory)}
        line.sendall(json.dumps(wanted).encode() + b"\n")
        return Hatched(line, module)

    def _start(self, log: Path) -> None:
        self._child = children.start([sys.executable, "-m", "tests.hatchery", self._address[1:]], log=log, directory=Path.cwd())
        atexit.register(children.kill, self._child)
        deadline = time.monotonic() + START_SECONDS
        while True:
            with socket.socket(socket.AF_UNIX) as knock:
                try:
                    return knock.connect(self._address)
                except OSError:
                    if time.monotonic() > deadline or self._child.poll() is not None:
                        raise RuntimeError(children.last_words(log, 15)) from None
            time.sleep(_LOOK_SECONDS)


HATCHERY = Hatchery()


def _serve(address: str) -> None:
    """Fork whenever asked; tell each asker when its child has ended. One thread, as a fork wants it."""
    for name in SERVICES:
        for room in ("app", "settings"):
            import_module(f"services.{name}.{room}")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("\0" + address)
    listening.listen(64)
    running: dict[int, socket.socket] = {}
    while True:
        if select.select([listening], [], [], _LOOK_SECONDS)[0]:
            line, _ = listening.accept()
            asked = line.makefile("rb").readline()
            if not asked:
                line.close()
                continue
            pid = os.fork()
            if pid == 0:
                for each in (listening, line, *running.values()):
                    each.close()
                _become(**json.loads(asked))
            line.sendall(b"%d\n" % pid)
            running[pid] = line
        for pid in list(running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _tell(running.pop(pid), os.waitstatus_to_exitcode(status))


def _tell(line: socket.socket, code: int) -> None:
    try:
        line.sendall(b"%d\n" % code)
    except OSError:  # nobody waits for it any more
        pass
    finally:
        line.close()


def _become(module: str, log: str, environment: dict[str, str], directory: str) -> Any:
    """Be that service, in the fork."""
    parent = os.getppid()
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(stream, target)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
    except BaseException:  # noqa: BLE001 -- as an interpreter ends
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1])

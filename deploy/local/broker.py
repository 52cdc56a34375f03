"""A Kafka-protocol broker of our own on a loopback port, from the `noida-db` wheel.

For one machine and for tests alone: it is young, pinned and replaceable by any Kafka through its address. Killed hard it loses
the last seconds it had acknowledged; the relay's resending and the consumers' resynchronisation are made for that.
"""

import importlib.util
import os
import signal
import stat
import time
from pathlib import Path

from deploy.local import children
from deploy.local.ports import LOOPBACK, answers, free_port


class BrokerError(Exception):
    """The broker cannot run; the text is one line for the person who started it."""


class BrokerServer:
    """One broker on one data directory. `start`, `wait_ready`, later `stop`; a stopped one can start again with its data."""

    def __init__(self, directory: Path, *, log: Path | None = None, port: int = 0) -> None:
        """Name the directory it keeps its log in; without a port take a free one."""
        self.directory = directory
        self.log = log or directory.parent / "broker.log"
        self.port = port or free_port()
        self.child: children.Child | None = None

    @property
    def bootstrap(self) -> str:
        """Return its address, as `--kafka` and PLEDGE_KAFKA take it."""
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> children.Child:
        """Start the broker; call it from the main thread (children.py says why). `wait_ready` tells when it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.child = children.start(
            [
                _binary(), "start", "--only", "kafka", "--host", LOOPBACK,
                "--kafka-port", str(self.port), "--data-dir", self.directory,
            ],
            log=self.log,
            at_parents_death=signal.SIGTERM,  # it saves what it acknowledged; SIGKILL would lose seconds
            directory=self.directory,
        )  # fmt: skip
        return self.child

    def is_ready(self) -> bool:
        """Say whether it accepts connections."""
        return self.child is not None and self.child.poll() is None and answers(LOOPBACK, self.port)

    def wait_ready(self, within_seconds: float = 15.0) -> None:
        """Return when it accepts connections; raise BrokerError with its last words when it ends or takes too long."""
        deadline = time.monotonic() + within_seconds
        while not self.is_ready():
            if self.child is None or self.child.poll() is not None or time.monotonic() > deadline:
                message = f"the broker did not start: {children.last_words(self.log, 1) or 'it said nothing'} (log: {self.log})"
                raise BrokerError(message)
            time.sleep(0.02)

    def stop(self, within_seconds: float = 5.0) -> None:
        """Stop it so that it keeps everything it acknowledged."""
        if self.child is not None:
            children.stop(self.child, signal.SIGTERM, within_seconds)
            self.child = None

    def kill(self) -> None:
        """End it as a power cut would; what it acknowledged in the last seconds may be lost."""
        if self.child is not None:
            children.kill(self.child)
            self.child = None


def _binary() -> Path:
    found = importlib.util.find_spec("noida_db")
    if found is None or found.origin is None:
        message = "the embedded broker is not installed: run `make setup`, or name a broker with --kafka"
        raise BrokerError(message)
    binary = Path(found.origin).parent / "noida-db"
    if not os.access(binary, os.X_OK):  # pip keeps modes, not every installer does
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return binary

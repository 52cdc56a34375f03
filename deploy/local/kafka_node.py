"""What every server of the Kafka protocol that runs here has in common: one process, one data directory, one loopback port."""

import time
from abc import ABC, abstractmethod
from pathlib import Path
from signal import SIGTERM, Signals
from typing import ClassVar

from deploy.local import children
from deploy.local.ports import LOOPBACK, answers, free_port


class BrokerError(Exception):
    """The broker cannot run; the text is one line for the person who started it."""


class KafkaNode(ABC):
    """One broker on one data directory. `start`, `wait_ready`, later `stop`; a stopped one can start again with its data."""

    NAME: ClassVar[str]
    LOG: ClassVar[str]
    START_SECONDS: ClassVar[float]
    STOP_SECONDS: ClassVar[float]
    AT_PARENTS_DEATH: ClassVar[Signals]

    def __init__(self, directory: Path, *, log: Path | None = None, port: int = 0) -> None:
        """Name the directory it keeps its log in; without a port take a free one."""
        self.directory = directory
        self.log = log or directory.parent / self.LOG
        self.port = port or free_port()
        self.child: children.Child | None = None

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Return what starts it, its directory being there."""

    @property
    def bootstrap(self) -> str:
        """Return its address, as `--kafka` and PLEDGE_KAFKA take it."""
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> children.Child:
        """Start it; call it from the main thread (children.py says why). `wait_ready` tells when it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.child = children.start(self.command(), log=self.log, at_parents_death=self.AT_PARENTS_DEATH, directory=self.directory)
        return self.child

    def is_ready(self) -> bool:
        """Say whether it accepts connections."""
        return self.child is not None and self.child.poll() is None and answers(LOOPBACK, self.port)

    def wait_ready(self, within_seconds: float | None = None) -> None:
        """Return when it accepts connections; raise BrokerError with its last words when it ends or takes too long."""
        deadline = time.monotonic() + (within_seconds or self.START_SECONDS)
        while not self.is_ready():
            if self.child is None or self.child.poll() is not None or time.monotonic() > deadline:
                message = f"{self.NAME} did not start: {children.last_words(self.log, 1) or 'it said nothing'} (log: {self.log})"
                raise BrokerError(message)
            time.sleep(0.02)

    def stop(self, within_seconds: float | None = None) -> None:
        """Stop it so that it keeps everything it acknowledged."""
        if self.child is not None:
            children.stop(self.child, SIGTERM, within_seconds or self.STOP_SECONDS)
            self.child = None

    def kill(self) -> None:
        """End it as a power cut would; what it acknowledged in the last seconds may be lost."""
        if self.child is not None:
            children.kill(self.child)
            self.child = None

"""A Kafka-protocol broker of our own on a loopback port, from the `noida-db` wheel.

For one machine and for tests alone: it is young, pinned and replaceable by any Kafka through its address. Killed hard it loses
the last seconds it had acknowledged; the relay's resending and the consumers' resynchronisation are made for that.
"""

import importlib.util
import os
import signal
import stat
from pathlib import Path

from deploy.local.kafka_node import BrokerError, KafkaNode
from deploy.local.ports import LOOPBACK


class BrokerServer(KafkaNode):
    """The embedded broker."""

    NAME = "the broker"
    LOG = "broker.log"
    START_SECONDS = 15.0
    STOP_SECONDS = 5.0
    AT_PARENTS_DEATH = signal.SIGTERM
    """It saves what it acknowledged; SIGKILL would lose seconds."""

    def command(self) -> list[str | Path]:
        """Return what starts its Kafka protocol alone."""
        return [
            _binary(), "start", "--only", "kafka", "--host", LOOPBACK,
            "--kafka-port", str(self.port), "--data-dir", self.directory,
        ]  # fmt: skip


def _binary() -> Path:
    found = importlib.util.find_spec("noida_db")
    if found is None or found.origin is None:
        message = "the embedded broker is not installed: run `make setup`, or name a broker with --kafka"
        raise BrokerError(message)
    binary = Path(found.origin).parent / "noida-db"
    if not os.access(binary, os.X_OK):  # pip keeps modes, not every installer does
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return binary

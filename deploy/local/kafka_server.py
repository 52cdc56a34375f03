"""Apache Kafka on a loopback port, for whoever wants to see it run on the real thing: one KRaft node, no installation.

Needs Java 17 and Maven. Maven resolves the jars that kafka/pom.xml names; they are kept in the user's cache, so that the
second start asks nobody.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.kafka_node import KafkaNode
from deploy.local.ports import LOOPBACK, free_port

_POM = Path(__file__).parent / "kafka" / "pom.xml"
_OLDEST_JAVA = 17
_RESOLVE_SECONDS = 300
_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
_NODE_ID = 1
_JVM = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # a node that lives for seconds has no time for the second compiler
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


class KafkaMissingError(Exception):
    """Apache Kafka cannot be had on this machine; the text says in one line what is missing."""


class KafkaServer(KafkaNode):
    """One node that is broker and controller."""

    NAME = "Apache Kafka"
    LOG = "kafka.log"
    START_SECONDS = 60.0
    STOP_SECONDS = 15.0
    AT_PARENTS_DEATH = signal.SIGKILL

    def command(self) -> list[str | Path]:
        """Return what starts it. Raises KafkaMissingError."""
        return [_java(), *_JVM, "-cp", f"{jars()}/*", "kafka.Kafka", self._configure()]

    def _configure(self) -> Path:
        """Write the node's settings and, at the first start, the identity that `kafka-storage format` would write."""
        data = self.directory / "data"
        data.mkdir(exist_ok=True)
        identity = data / "meta.properties"
        if not identity.exists():
            identity.write_text(f"version=1\ncluster.id={_CLUSTER_ID}\nnode.id={_NODE_ID}\n", encoding="utf-8")
        controller = free_port()
        settings = {
            "process.roles": "broker,controller",
            "node.id": _NODE_ID,
            "controller.quorum.voters": f"{_NODE_ID}@{LOOPBACK}:{controller}",
            "listeners": f"PLAINTEXT://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": data,
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 2500,  # a killed node waits so long before it may register again
            "log.retention.check.interval.ms": 1000,  # so that a test sees retention at work
            "log.initial.task.delay.ms": 500,
        }
        path = self.directory / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
        return path


def jars() -> Path:
    """Return the directory with the jars, resolving them the first time. Raises KafkaMissingError."""
    wanted = hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    home = _cache() / f"kafka-{wanted}"
    if home.is_dir():
        return home
    maven = shutil.which("mvn")
    if maven is None:
        message = "Apache Kafka needs Maven, which is not installed"
        raise KafkaMissingError(message)
    with _beside(home) as resolved:
        command = [maven, "-B", "-q", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={resolved}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_RESOLVE_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            message = f"Maven did not resolve Apache Kafka within {_RESOLVE_SECONDS} s"
            raise KafkaMissingError(message) from error
        if done.returncode or not any(resolved.glob("kafka_*.jar")):
            said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            message = f"Maven could not resolve Apache Kafka: {said[0] if said else f'exit code {done.returncode}'}"
            raise KafkaMissingError(message)
    return home


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        message = f"Apache Kafka needs Java {_OLDEST_JAVA}, which is not installed"
        raise KafkaMissingError(message)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    version = re.search(r'version "(\d+)', said.stderr + said.stdout)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        message = f"Apache Kafka needs Java {_OLDEST_JAVA}; this is {version[1] if version else 'something else'}"
        raise KafkaMissingError(message)
    return java


def _cache() -> Path:
    """Return a directory of this user that outlives the run; a temporary one where there is no usable home."""
    chosen = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("HOME") and str(Path(os.environ["HOME"]) / ".cache"))
    if chosen and Path(chosen).is_absolute():
        cache = Path(chosen) / "pledge"
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError:
            pass  # a read-only home: the temporary directory below
        else:
            if os.access(cache, os.W_OK):
                return cache
    cache = Path(tempfile.gettempdir()) / f"pledge-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    if cache.stat().st_uid != os.getuid():
        message = f"{cache} belongs to somebody else"
        raise KafkaMissingError(message)
    return cache


@contextmanager
def _beside(home: Path) -> Iterator[Path]:
    """Give an empty directory that becomes `home` in one step when all went well; another process may be first."""
    draft = Path(tempfile.mkdtemp(prefix=f"{home.name}-", dir=home.parent))
    try:
        yield draft
        try:
            draft.rename(home)
        except OSError:
            if not home.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)

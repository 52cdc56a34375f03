"""What goes to the broker and what comes back: bytes with a place in a log.

BrokerError
├── Unreachable   the broker did not do it in time, or said no for now: try again
│   └── NoSuchTopic
├── OutsideLog    an offset the log does not hold: read the owner's snapshot
└── TooLarge      a message no broker of ours would take: nothing of its batch was sent
"""

from collections.abc import Sequence
from dataclasses import dataclass

Headers = Sequence[tuple[str, bytes]]

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Key, value and headers of one message, with the few bytes of framing."""
MAX_BATCH_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
"""What topics are created to take: the largest message, and what a dead letter says besides."""
DEAD = ".dead"
"""What the name of a topic's dead letters ends with."""


class BrokerError(Exception):
    """Something between us and the log went wrong."""


class Unreachable(BrokerError):  # noqa: N818 -- what happened, in the caller's words; so are those below
    """The broker did not answer in time, went away, or refused for a reason that passes."""


class NoSuchTopic(Unreachable):
    """Nobody has created the topic, and nobody here asked for it."""


class OutsideLog(BrokerError):  # noqa: N818
    """The log no longer (or not yet) holds what was asked for: retention, truncation, or a topic created anew."""

    def __init__(self, topic: str, offsets: dict[int, int]) -> None:
        super().__init__(f"{topic}: offsets outside the log: {offsets}")
        self.topic = topic
        self.offsets = offsets


class TooLarge(BrokerError):  # noqa: N818
    """The message at `index` is larger than a topic takes."""

    def __init__(self, index: int, message: "Message") -> None:
        super().__init__(f"{message.topic}: a message of {message.size} bytes is over the {MAX_MESSAGE_BYTES} a topic takes")
        self.index = index


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said. Without a partition the key decides (murmur2, as every Kafka client does)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None

    @property
    def size(self) -> int:
        """In bytes, with an upper bound for the framing."""
        headers = sum(len(name) + len(value) + 10 for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + 128

    @property
    def fits(self) -> bool:
        """Whether a topic takes it. A dead letter repeats a message that fitted, and says why."""
        return self.size <= (MAX_BATCH_BYTES if self.topic.endswith(DEAD) else MAX_MESSAGE_BYTES)


@dataclass(frozen=True, slots=True)
class Ack:
    """Where the broker put a message, said after every in-sync replica had it."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """What the log holds at one offset. `timestamp` in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as its owner wants it. What the broker already has is left as it is."""

    name: str
    partitions: int
    compacted: bool = False
    retention_hours: int = 7 * 24
    retention_bytes: int | None = None
    """Per partition; None: the broker's own limit."""
    replication: int | None = None
    """None: three, or as many brokers as there are."""

    def settings(self) -> dict[str, str]:
        """As Kafka names them."""
        wanted = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(MAX_BATCH_BYTES),
        }
        if not self.compacted:
            wanted["retention.ms"] = str(self.retention_hours * 3_600_000)
        if self.retention_bytes is not None:
            wanted["retention.bytes"] = str(self.retention_bytes)
            wanted["segment.bytes"] = str(max(1024 * 1024, self.retention_bytes // 4))
        return wanted

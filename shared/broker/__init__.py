"""How do bytes get to Kafka and back? The only place that knows the driver and its faults.

Everything here is bounded in time, speaks bytes, depends on no consumer group, and throws a client away after
any error: a rebuilt client is the only one whose state is known.
"""

from shared.broker.client import Broker
from shared.broker.cloudevents import Outgoing, Received, Unreadable, from_record, to_message
from shared.broker.reader import PartitionReader
from shared.broker.records import DEAD, Ack, BrokerError, Message, NoSuchTopic, OutsideLog, Record, TooLarge, TopicSpec, Unreachable

__all__ = [
    "DEAD",
    "Ack",
    "Broker",
    "BrokerError",
    "Message",
    "NoSuchTopic",
    "Outgoing",
    "OutsideLog",
    "PartitionReader",
    "Received",
    "Record",
    "TooLarge",
    "TopicSpec",
    "Unreachable",
    "Unreadable",
    "from_record",
    "to_message",
]

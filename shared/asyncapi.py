"""What a service says and hears on Kafka, as an AsyncAPI 3.0 document made from the contracts."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

Json = dict[str, Any]
Messages = Mapping[str, tuple[str, type[BaseModel]]]
"""Event type → (topic, model)."""

_REF = "#/components/schemas/{model}"
_HEADERS: Json = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "Stays the same in every copy that is sent."},
        "ce_source": {"type": "string"},
        "ce_type": {"type": "string"},
        "ce_subject": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_partitionkey": {"type": "string"},
        "traceparent": {"type": "string"},
        "content-type": {"type": "string"},
    },
}


def document(service: str, title: str, publishes: Messages, subscribes: Messages, *, version: str = "1.0.0") -> Json:
    """The AsyncAPI 3.0.0 document of one service: a channel per topic, a message per event type. CloudEvents in binary mode."""
    both = {**subscribes, **publishes}
    topics = sorted({topic for topic, _ in both.values()})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": version,
            "description": f"What {service} says and hears: CloudEvents 1.0 on Kafka, binary mode.",
        },
        "defaultContentType": "application/json",
        "channels": {
            _name(topic): {
                "address": topic,
                "messages": {
                    _name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in sorted(both) if both[kind][0] == topic
                },
            }
            for topic in topics
        },
        "operations": {**_operations("send", publishes), **_operations("receive", subscribes)},
        "components": {
            "messages": {_name(kind): _message(kind, both[kind][1]) for kind in sorted(both)},
            "schemas": _schemas([model for _, model in both.values()]),
        },
    }


def _name(dotted: str) -> str:
    """Component names take no dots everywhere; the address and the message's name keep theirs."""
    return dotted.replace(".", "_")


def _operations(action: str, messages: Messages) -> Json:
    return {
        f"{action}_{_name(topic)}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{_name(topic)}"},
            "messages": [
                {"$ref": f"#/channels/{_name(topic)}/messages/{_name(kind)}"} for kind in sorted(messages) if messages[kind][0] == topic
            ],
        }
        for topic in sorted({topic for topic, _ in messages.values()})
    }


def _message(kind: str, model: type[BaseModel]) -> Json:
    return {
        "name": kind,
        "title": kind,
        "summary": (model.__doc__ or "").strip().split("\n")[0],
        "contentType": "application/json",
        "headers": _HEADERS,
        "payload": {"$ref": _REF.format(model=model.__name__)},
    }


def _schemas(models: list[type[BaseModel]]) -> Json:
    unique = sorted(set(models), key=lambda model: model.__name__)
    _, defined = models_json_schema([(model, "serialization") for model in unique], ref_template=_REF)
    found: Json = defined.get("$defs", {})
    return found

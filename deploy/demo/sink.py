"""Somebody who wants to be told: a receiver of webhooks on loopback that checks each signature and says one line per message."""

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from deploy.demo.doors import REFUSED, Doors
from deploy.local.ports import LOOPBACK

SUBSCRIPTION = "demo"
MOST_BYTES = 1_000_000
EVENTS = ["alert-raised", "promise-at-risk", "promise-missed", "promise-recovered", "alert-resolved", "unmatched-shipment"]
Say = Callable[[str], None]


class Sink:
    """The receiver: its address and the secret with which messages to it are signed."""

    def __init__(self, say: Say) -> None:
        """Nothing listens before `listening`."""
        self.secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
        self.say = say
        self.url = ""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen on a free port of loopback."""
        sink = self

        class Receiver(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size) if 0 < size <= MOST_BYTES else b""
                self.send_response(sink.receive(body, dict(self.headers.items())))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name is the base's
                """What came is said in plain words instead."""

        server = ThreadingHTTPServer((LOOPBACK, 0), Receiver)
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, name="webhook-sink", daemon=True)
        thread.start()
        self.url = f"http://{LOOPBACK}:{server.server_address[1]}/alerts"
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    def receive(self, body: bytes, headers: dict[str, str]) -> HTTPStatus:
        """Say what a message says, if it was signed with our secret just now."""
        try:
            message = Webhook(self.secret).verify(body, {name.lower(): value for name, value in headers.items()})
        except (WebhookVerificationError, json.JSONDecodeError):
            return HTTPStatus.UNAUTHORIZED
        for line in in_words(message):
            self.say(f"webhook, signature good: {line}")
        return HTTPStatus.OK


def in_words(message: dict[str, Any]) -> Iterator[str]:
    """One line per alert of a message."""
    for told in message.get("data", {}).get("alerts", ()):
        yield f"{message['type']}: {told['alert']['sentence']}"


async def subscribe(doors: Doors, sink: Sink) -> str | None:
    """Ask notifier to tell the sink; why not, if it will not."""
    body = {"events": EVENTS, "channel": sink.url, "secret": sink.secret, "allow_private": True}
    status, answer = await doors.put(f"{doors.urls.notifier}/v1/subscriptions/{SUBSCRIPTION}", body)
    return str(answer.get("detail") or status) if status >= REFUSED else None

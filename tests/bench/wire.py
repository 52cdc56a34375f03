"""How does the load generator speak HTTP, so that the machine's time goes to what is measured and not to the asking?

One keep-alive connection of HTTP/1.1 that knows just enough to send prepared bytes and to see where an answer ends.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self, cast

from deploy.local.ports import LOOPBACK
from tests.running import DEVELOPMENT_KEY

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


def request_bytes(method: str, path: str, body: bytes, headers: str = "") -> bytes:
    """A whole request, to be sent as it is; `headers` are further lines, each with its end."""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: {LOOPBACK}\r\nauthorization: Bearer {DEVELOPMENT_KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One connection to a service on this machine; one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect. Raises OSError."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, LOOPBACK, port)
        return connection

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a prepared request; the future holds its answer. Raises ConnectionError in the future when the other side hangs up."""
        assert self._transport is not None
        assert self._waiting is None, "one request at a time"
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Ask once, for what is not being measured."""
        return await self.ask(request_bytes(method, path, b"" if body is None else json.dumps(body).encode()))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    # -- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data if self._received else data
        head = received.find(_END_OF_HEAD)
        if head < 0:
            return
        at = received.find(_LENGTH, 0, head + 2)
        assert at >= 0, f"an answer without content-length: {received[:head]!r}"
        length = int(received[at + len(_LENGTH) : received.index(b"\r", at)])
        begin = head + len(_END_OF_HEAD)
        if len(received) < begin + length:
            return
        waiting, self._waiting, self._received = self._waiting, None, b""
        assert waiting is not None, "an answer that nobody asked for"
        if not waiting.cancelled():
            waiting.set_result(Answer(int(received[9:12]), received[begin : begin + length]))

    def connection_lost(self, exc: Exception | None) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(exc or ConnectionError("the service hung up"))

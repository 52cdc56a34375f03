"""A receiver of webhooks on loopback that behaves as badly as a test wants, and keeps everything that it was sent."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import Any, Self

from standardwebhooks import Webhook

Json = dict[str, Any]


@dataclass
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    def verified(self, secret: str) -> Json:
        """Return the payload; raise unless the signature is right and fresh."""
        found: Json = Webhook(secret).verify(self.body, self.headers)
        return found


@dataclass
class Sink:
    """Answers each path as its `behaviour` says; 204 by default."""

    heard: list[Heard] = field(default_factory=list)
    behaviour: dict[str, str] = field(default_factory=dict)
    """Per path: a status and headers as they are sent, or `hang`, `drip`, `huge`, `close`."""
    sent_bytes: dict[str, int] = field(default_factory=dict)
    port: int = 0
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def at(self, path: str) -> list[Heard]:
        return [each for each in self.heard if each.path == path]

    async def wait(self, path: str, count: int = 1, within_seconds: float = 20.0) -> list[Heard]:
        """Return what was heard on the path once it is `count` requests."""
        deadline = time.monotonic() + within_seconds
        while len(self.at(path)) < count:
            assert time.monotonic() < deadline, f"{path} heard {len(self.at(path))} of {count}: {[each.body for each in self.at(path)]}"
            await asyncio.sleep(0.01)
        return self.at(path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.splitlines()
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            path = first.split()[1]
            self.heard.append(Heard(path, headers, body, time.time()))
            await self._answer(path, reader, writer)
        writer.close()

    async def _answer(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        how = self.behaviour.get(path, "204 No Content")
        if how == "hang":
            await reader.read()
        elif how == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)
        elif how == "huge":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
            while self.sent_bytes.get(path, 0) < 200_000_000:
                writer.write(b"x" * 65536)
                await writer.drain()
                self.sent_bytes[path] = self.sent_bytes.get(path, 0) + 65536
        elif how != "close":
            writer.write(f"HTTP/1.1 {how}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()

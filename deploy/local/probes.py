"""Does it answer, and is it what it should be? Small questions over plain sockets, without a client library and without a proxy."""

import asyncio
import contextlib
import json
import struct
from dataclasses import dataclass
from typing import Any

_API_VERSIONS = 18
_CORRELATION = 4711


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a service says about itself; `reasons` name what it still waits for."""

    ready: bool
    reasons: tuple[str, ...] = ()


async def readiness(host: str, port: int, within_seconds: float = 3.0) -> Readiness:
    """Ask a service whether it is ready."""
    status, body = await get_json(host, port, "/readyz", within_seconds)
    if status == 0:
        return Readiness(ready=False, reasons=("does not answer yet",))
    checks = body.get("checks", []) if isinstance(body, dict) else []
    named = [check for check in checks if isinstance(check, dict) and not check.get("ok")]
    reasons = tuple(f"{check.get('name')}: {check.get('detail') or 'not ok'}" for check in named) or (f"answers {status}",)
    return Readiness(ready=status == 200, reasons=() if status == 200 else reasons)  # noqa: PLR2004 - HTTP's OK


async def get_json(host: str, port: int, path: str, within_seconds: float = 3.0) -> tuple[int, Any]:
    """GET; return the status and the JSON body, (0, None) when nobody answers in HTTP."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nAccept: application/json\r\n\r\n"
    answer = await _exchange(host, port, request.encode(), None, within_seconds)
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():  # noqa: PLR2004 - version and status
        return 0, None
    try:
        return int(words[1]), json.loads(body)
    except ValueError:
        return int(words[1]), None


async def speaks_kafka(host: str, port: int, within_seconds: float = 3.0) -> bool:
    """Say whether a Kafka broker answers there (ApiVersions, the one request that every broker knows without a login)."""
    body = struct.pack(">hhih", _API_VERSIONS, 0, _CORRELATION, -1)
    answer = await _exchange(host, port, struct.pack(">i", len(body)) + body, 8, within_seconds)
    return len(answer) >= 8 and struct.unpack(">i", answer[4:8])[0] == _CORRELATION  # noqa: PLR2004 - size and correlation id


async def _exchange(host: str, port: int, request: bytes, size: int | None, within_seconds: float) -> bytes:
    """Send, and return what comes back: `size` bytes or everything; nothing when that fails or takes too long."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(within_seconds):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                await writer.drain()
                return await (reader.read(-1) if size is None else reader.readexactly(size))
            finally:
                writer.close()
    return b""

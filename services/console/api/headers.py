"""What every answer of the console carries, and who may ask when only this machine should.

A loopback console takes no key. So that a page of a stranger cannot reach it under a name of its own that resolves to
127.0.0.1, it answers only to the names of this machine.
"""

from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
OWN_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


class PageHeaders:
    """ASGI middleware around all of it, health included."""

    def __init__(self, app: ASGIApp, *, loopback: bool) -> None:
        self._app = app
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers, or refuse a foreign name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").casefold()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if self._loopback and name not in OWN_NAMES:
            await PlainTextResponse("This console answers to 127.0.0.1 and localhost only.\n", 421)(scope, receive, sending)
            return
        await self._app(scope, receive, sending)

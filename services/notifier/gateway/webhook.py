"""One signed POST as Standard Webhooks has it (https://www.standardwebhooks.com), to exactly the address that was looked at."""

import ssl
from datetime import UTC, datetime
from typing import Final

import httpx
from standardwebhooks import Webhook

from services.notifier.gateway import addresses
from shared.problems import MEDIA_TYPE

MOST_RESPONSE_BYTES: Final = 65_536
"""Of the answer so much is read; the rest is not ours."""
KEPT_CHARACTERS: Final = 500
_PORTS: Final = {"http": 80, "https": 443}


class Unreachable(Exception):  # noqa: N818 -- an outcome
    """No connection, no answer, or no answer in time."""


class Answered:
    """What the receiver said."""

    __slots__ = ("address", "retry_after_seconds", "status_code", "text")

    def __init__(self, status_code: int, text: str, address: str, retry_after_seconds: float | None) -> None:
        self.status_code = status_code
        self.text = text
        self.address = address
        self.retry_after_seconds = retry_after_seconds


class WebhookClient:
    """Sends webhooks. No redirects, no proxy, no cookies, and no connection is used twice: pools know addresses, not names."""

    def __init__(self, *, verify: ssl.SSLContext | None = None) -> None:
        self._client = httpx.AsyncClient(
            verify=verify or ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 -- the sender limits the whole
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": "Pledge-Webhooks/1"},
        )

    async def post(self, url: str, message_id: str, payload: str, secret: str, *, allow_private: bool) -> Answered:
        """Send it. Raises Refused, Unresolved or Unreachable; the caller limits the time."""
        target = httpx.URL(url)
        found = await addresses.resolve(target.host, target.port or _PORTS[target.scheme], allow_private=allow_private)
        now = datetime.now(UTC)  # noqa: TID251 -- the receiver compares it with its own clock
        headers = {
            "Host": target.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "Accept": f"application/json, {MEDIA_TYPE}, */*",
            "Accept-Encoding": "identity",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(message_id, now, payload),
        }
        problem: Exception | None = None
        for address in found:
            request = self._client.build_request(
                "POST", target.copy_with(host=address), content=payload, headers=headers, extensions={"sni_hostname": target.host}
            )
            try:
                return await self._exchange(request, address)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                problem = error
            except (httpx.HTTPError, OSError) as error:
                raise Unreachable(f"{type(error).__name__}: {error}") from error
        raise Unreachable(f"no connection to {', '.join(found)}: {problem}")

    async def _exchange(self, request: httpx.Request, address: str) -> Answered:
        response = await self._client.send(request, stream=True)
        try:
            begun = b""
            async for piece in response.aiter_raw():
                begun += piece[: MOST_RESPONSE_BYTES - len(begun)]
                if len(begun) >= MOST_RESPONSE_BYTES:
                    break
        finally:
            await response.aclose()
        text = begun.decode("utf-8", errors="replace").replace("\0", "�")[:KEPT_CHARACTERS]
        return Answered(response.status_code, text, address, _seconds(response.headers.get("retry-after")))

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; its form as a date is passed over."""
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else None  # noqa: PLR2004

"""One message over one channel, within a time limit, whatever the other side does."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import httpx

from services.notifier.gateway import addresses, people
from services.notifier.gateway.addresses import Refused, Unresolved
from services.notifier.gateway.people import BadChannel
from services.notifier.gateway.webhook import Unreachable, WebhookClient

_KINDS: Final[dict[type[Exception], str]] = {
    Refused: "refused-address",
    Unresolved: "unresolved",
    Unreachable: "unreachable",
    BadChannel: "invalid-channel",
}
_TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one try."""

    delivered: bool
    kind: str
    """delivered, refused-address, unresolved, unreachable, timeout, rejected (an answer other than 2xx), invalid-channel."""
    status_code: int | None = None
    error: str | None = None
    response: str | None = None
    address: str | None = None
    seconds: float = 0.0
    retry_after_seconds: float | None = None


def is_webhook(channel: str) -> bool:
    """Whether the channel is a signed webhook; everything else is apprise's."""
    return channel.partition("://")[0].lower() in {"http", "https"}


def shown(channel: str, *, whole: bool) -> str:
    """The channel as it may be read: a webhook without password and query, and without its path unless `whole`.

    Of the others only which service it is: the rest of their URLs are tokens.
    """
    if not is_webhook(channel):
        return f"{channel.partition('://')[0]}://…"
    url = httpx.URL(channel)
    where = f"{url.scheme}://{url.netloc.decode('ascii', errors='replace')}"
    if not whole:
        return f"{where}/…"
    return f"{where}{url.path}{'?…' if url.query else ''}"


class Sender:
    """Sends one message at a time per call; any number of calls at once."""

    def __init__(self, *, timeout_seconds: float, private_allowed: bool) -> None:
        self._timeout_seconds = timeout_seconds
        self._private_allowed = private_allowed
        self._webhooks = WebhookClient()

    async def look(self, channel: str, *, allow_private: bool) -> None:
        """Look at where the channel leads. Raises Refused, Unresolved or BadChannel."""
        allowed = allow_private and self._private_allowed
        if not is_webhook(channel):
            await people.look(channel, allow_private=allowed, seconds=self._timeout_seconds)
            return
        url = httpx.URL(channel)  # read by the one who will send it: two readers of URLs can differ
        async with asyncio.timeout(self._timeout_seconds):
            await addresses.resolve(url.host, url.port or 0, allow_private=allowed)

    async def send(
        self, channel: str, message_id: str, secret: str, *, payload: str, title: str, body: str, allow_private: bool
    ) -> Outcome:
        """Send it; every way to fail is an outcome."""
        began = time.monotonic()
        allowed = allow_private and self._private_allowed
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if is_webhook(channel):
                    return await self._post(channel, message_id, secret, payload, allow_private=allowed, began=began)
                why = await people.send(channel, title, body, allow_private=allowed, seconds=self._timeout_seconds)
        except TimeoutError:
            return _failed("timeout", f"no answer within {self._timeout_seconds:g} s", began)
        except (Refused, Unresolved, Unreachable, BadChannel) as error:
            return _failed(_KINDS[type(error)], str(error), began)
        except Exception as error:  # noqa: BLE001 -- 250 plugins of others: whatever goes wrong in one, it is only this message's fault
            return _failed("unreachable", f"{type(error).__name__}: {error}", began)
        if why is not None:
            return _failed("rejected", why, began)
        return Outcome(delivered=True, kind="delivered", seconds=time.monotonic() - began)

    async def _post(self, url: str, message_id: str, secret: str, payload: str, *, allow_private: bool, began: float) -> Outcome:
        answer = await self._webhooks.post(url, message_id, payload, secret, allow_private=allow_private)
        taken = answer.status_code in _TAKEN
        return Outcome(
            delivered=taken,
            kind="delivered" if taken else "rejected",
            status_code=answer.status_code,
            error=None if taken else f"the receiver answered {answer.status_code}",
            response=answer.text or None,
            address=answer.address,
            seconds=time.monotonic() - began,
            retry_after_seconds=answer.retry_after_seconds,
        )

    async def close(self) -> None:
        """Hang up."""
        await self._webhooks.close()


def _failed(kind: str, why: str, began: float) -> Outcome:
    return Outcome(delivered=False, kind=kind, error=why[:500].replace("\0", " "), seconds=time.monotonic() - began)

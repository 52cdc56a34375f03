"""The public doors of the services, for a caller who has patience: what is away is asked again."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote as escaped

import httpx

from deploy.demo.urls import Urls

RETRY_SECONDS = 0.5
ATTEMPTS = 20
TRY_LATER = frozenset({429, 503})
REFUSED = 400
CONFLICT = 409


class AwayError(Exception):
    """A service did not answer for a good while."""


class Doors:
    """One client with one key. A refusal is an answer: (status, body)."""

    def __init__(self, urls: Urls, key: str) -> None:
        self.urls = urls
        self._client = httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=10.0, trust_env=False)

    async def __aenter__(self) -> Self:
        """Ready to ask."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """The connections go back."""
        await self._client.aclose()

    async def get(self, url: str, **params: str | int) -> tuple[int, dict[str, Any]]:
        """Look."""
        return await self._ask("GET", url, params=params)

    async def put(self, url: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Set; safe to send twice."""
        return await self._ask("PUT", url, json=body)

    async def post(self, url: str, body: dict[str, Any], key: str | None = None) -> tuple[int, dict[str, Any]]:
        """Do; with an idempotency key it is safe to send twice."""
        return await self._ask("POST", url, json=body, headers={"Idempotency-Key": key} if key else {})

    async def post_file(self, url: str, text: str, **params: str) -> tuple[int, dict[str, Any]]:
        """Send a CSV file; safe to send twice."""
        return await self._ask("POST", url, content=text.encode(), params=params, headers={"Content-Type": "text/csv"})

    async def get_text(self, url: str) -> str:
        """Fetch what is no JSON; empty when there is nothing."""
        response = await self._client.get(url)
        return response.text if response.status_code < REFUSED else ""

    async def _ask(self, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        last = ""
        for _ in range(ATTEMPTS):
            try:
                response = await self._client.request(method, url, **options)
                if response.status_code not in TRY_LATER:
                    body = json.loads(response.content) if response.content else {}
                    return response.status_code, body if isinstance(body, dict) else {"data": body}
                last = f"{response.status_code}"
            except (httpx.HTTPError, ValueError) as error:
                last = type(error).__name__
            await asyncio.sleep(RETRY_SECONDS)
        message = f"{method} {url}: {last}"
        raise AwayError(message)


def segment(name: str) -> str:
    """A name as one piece of an address, whatever stands in it."""
    return escaped(name, safe="")

"""What the console asks the other services over HTTP, and how their answers become plain values.

A service that does not answer, or not with what was asked for, is `Away`: the pages say so and go on. A refusal with a
problem document is an answer: `Refused` carries its code and its offer.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote as escaped

import httpx

from services.console.domain.values import Alert, AtRisk, Book, Day, Entry, Feed, Load, LoadDay, Pair, Promise, Service
from services.console.settings import Settings

QUOTE = "quote"
SERVICES = (QUOTE, "inventory", "capacity", "notifier")
PAGE = 500
"""The most that one page of a list may hold (contracts.md)."""
LATEST_ALERTS = 100
REPROMISE_SECONDS = 60.0
"""How long thousands of promises may take to be decided anew."""
CLIENT_ERRORS = range(400, 500)
NOT_PERMITTED = (401, 403)


class Away(Exception):  # noqa: N818 -- a state of the world, not a mistake
    """A service did not answer what it was asked; `detail` says what it did instead."""

    def __init__(self, service: str, detail: str) -> None:
        super().__init__(f"{service}: {detail}")
        self.service = service
        self.detail = detail


class Refused(Exception):  # noqa: N818 -- an answer, not a mistake
    """The service answered with a problem document."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = problem
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """What to tell the reader: the document's detail and the fields it names."""
        fields = [f"{error.get('pointer', '')}: {error.get('message', '')}" for error in self.problem.get("errors") or ()]
        return " ".join([str(self.problem.get("detail") or self.problem.get("title") or "Refused."), *fields])


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of quote's live stream."""

    event: str
    data: Mapping[str, Any]


class Gateway:
    """One HTTP client for the four services. Open it once per process."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"} if settings.key else {}
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=settings.request_timeout_seconds,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            transport=transport,
            trust_env=False,  # the services are neighbours: a proxy of the environment is not meant for them
        )
        self.urls = {name: str(getattr(settings, f"{name}_url")).rstrip("/") for name in SERVICES}

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def books(self, pairs: Iterable[Pair], from_date: date | None, to_date: date | None) -> list[Book]:
        """The availability of each pair; a pair that quote does not answer is left out."""
        body: dict[str, Any] = {"pairs": [{"sku": pair.sku, "site": pair.site} for pair in pairs]}
        if not body["pairs"]:
            return []
        body |= {"from_date": from_date.isoformat()} if from_date else {}
        body |= {"to_date": to_date.isoformat()} if to_date else {}
        answer = await self._ask("quote", "POST", "/v1/availability/bulk", json=body)
        return [as_book(found) for found in answer.get("data", ()) if found.get("days") is not None]

    async def promises(self, limit: int) -> list[Promise]:
        """The last answers that were kept, newest first."""
        answer = await self._ask("quote", "GET", "/v1/quotes", params={"limit": limit})
        return [as_promise(found) for found in answer.get("data", ())]

    async def alerts(self) -> list[Alert]:
        """The latest alerts, the newest first."""
        answer = await self._ask("notifier", "GET", "/v1/alerts", params={"limit": LATEST_ALERTS})
        return [as_alert(found) for found in answer.get("data", ())]

    async def at_risk(self) -> list[AtRisk]:
        """The order lines that will not be served as promised."""
        answer = await self._ask(QUOTE, "GET", "/v1/orders", params={"at_risk": "true", "limit": PAGE})
        return [as_at_risk(order, line) for order in answer.get("data", ()) for line in order["lines"] if line.get("risk")]

    async def resources(self, most: int) -> list[str]:
        """The resources that capacity knows and that can do something, pools left out."""
        answer = await self._ask("capacity", "GET", "/v1/resources", params={"limit": most})
        return [str(row["resource"]) for row in answer.get("data", ()) if row.get("units") != 0]

    async def load(self, resource: str, from_date: date, to_date: date) -> Load | None:
        """What a resource is loaded with; None while quote has not heard of it."""
        params = {"resource": resource, "from_date": from_date.isoformat(), "to_date": to_date.isoformat()}
        try:
            answer = await self._ask(QUOTE, "GET", "/v1/load", params=params)
        except Refused:
            return None
        days = (
            LoadDay(date.fromisoformat(day["date"]), quantity(day["available_minutes"]), quantity(day["claimed_minutes"]))
            for day in answer["days"]
        )
        return Load(resource, str(answer["site"]), tuple(days))

    async def quote(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for a promise; the answer as quote gives it."""
        return await self._ask("quote", "POST", "/v1/quotes", json=body)

    async def act(self, quote_id: str, verb: str, key: str) -> dict[str, Any]:
        """Confirm or release what was quoted; `key` makes a second click the same click."""
        return await self._ask(QUOTE, "POST", f"/v1/quotes/{segment_of(quote_id)}/{verb}", json={}, headers={"Idempotency-Key": key})

    async def repromise(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Who would win and who would lose if promises were decided anew."""
        return await self._ask(QUOTE, "POST", "/v1/repromise", json=body, timeout=REPROMISE_SECONDS)

    async def repromised(self, repromise_id: str) -> dict[str, Any]:
        """A simulation as it was answered, and whether it has been applied."""
        return await self._ask(QUOTE, "GET", f"/v1/repromise/{segment_of(repromise_id)}")

    async def apply_repromise(self, repromise_id: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Let a simulation come true; `key` makes a second click the same click."""
        path = f"/v1/repromise/{segment_of(repromise_id)}/apply"
        return await self._ask(QUOTE, "POST", path, json=body, headers={"Idempotency-Key": key}, timeout=REPROMISE_SECONDS)

    async def attend(self, alert_id: str, verb: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Acknowledge, assign or snooze an alert; `key` makes a second click the same click."""
        return await self._ask("notifier", "POST", f"/v1/alerts/{segment_of(alert_id)}/{verb}", json=body, headers={"Idempotency-Key": key})

    async def positions(self, most: int) -> tuple[list[Pair], int]:
        """All pairs that inventory knows, in its order, and how many were left out beyond `most`."""
        found: list[Pair] = []
        async for row in self._rows("/v1/stock"):
            found.append(Pair(str(row["sku"]), str(row["site"])))
            if len(found) > most:
                return found[:most], len(found) - most
        return found, 0

    async def items(self) -> dict[str, tuple[str, str]]:
        """Name and unit of measure by sku."""
        return {str(row["sku"]): (str(row.get("name") or ""), str(row.get("uom") or "")) async for row in self._rows("/v1/items")}

    async def sites(self) -> dict[str, str]:
        """Name by site."""
        return {str(row["site"]): str(row.get("name") or "") async for row in self._rows("/v1/sites")}

    async def look(self, name: str) -> Service:
        """Whether a service is ready, and what it lacks."""
        try:
            response = await self._client.get(f"{self.urls[name]}/readyz", timeout=2.0)
            body = json.loads(response.text)
        except (httpx.HTTPError, ValueError) as error:
            return Service(name, up=False, ready=False, detail=type(error).__name__)
        return Service(name, up=True, ready=response.is_success, detail="" if response.is_success else lacking(body))

    @asynccontextmanager
    async def stream(self, silence_seconds: float = 30.0) -> AsyncIterator[AsyncIterator[Heard]]:
        """Quote's live events; ends with `Away` when the stream breaks or stays silent, keep-alives included, for too long."""
        timeout = httpx.Timeout(5.0, read=silence_seconds)
        try:
            async with self._client.stream("GET", f"{self.urls['quote']}/v1/stream", timeout=timeout) as response:
                if not response.is_success:
                    raise Away(QUOTE, f"answered {response.status_code} to the live stream")
                yield _events(response)
        except httpx.HTTPError as error:
            raise Away(QUOTE, type(error).__name__) from error

    async def _rows(self, path: str) -> AsyncIterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            params = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            answer = await self._ask("inventory", "GET", path, params=params)
            for row in answer.get("data", ()):
                yield row
            cursor = answer.get("next_cursor")
            if not cursor:
                return

    async def _ask(self, service: str, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = await self._client.request(method, f"{self.urls[service]}{path}", **options)
            body = json.loads(response.text, parse_float=Decimal)
        except httpx.HTTPError as error:
            raise Away(service, f"does not answer ({type(error).__name__})") from error
        except ValueError as error:
            raise Away(service, f"did not answer with JSON to {path}") from error
        if response.is_success and isinstance(body, dict):
            return body
        if response.status_code in NOT_PERMITTED:
            raise Away(service, "does not accept the console's key (PLEDGE_CONSOLE_KEY)")
        if response.status_code in CLIENT_ERRORS and isinstance(body, dict):
            raise Refused(body)
        raise Away(service, f"answered {response.status_code}")


async def _events(response: httpx.Response) -> AsyncIterator[Heard]:
    """Server-sent events, one by one; comments and what is not JSON are passed over."""
    event, data = "message", list[str]()
    async for line in response.aiter_lines():
        if line.startswith("event:"):
            event = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            data.append(line.removeprefix("data:").strip())
        elif not line:
            if data and (body := _object("\n".join(data))) is not None:
                yield Heard(event, body)
            event, data = "message", []


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def segment_of(name: str) -> str:
    """A name from a form as one segment of an address: it must not climb to another."""
    return escaped(name, safe="").replace(".", "%2E")


def as_book(found: Mapping[str, Any]) -> Book:
    """An availability answer as a book."""
    return Book(
        sku=str(found["sku"]),
        site=str(found["site"]),
        time_zone=str(found.get("time_zone") or "UTC"),
        version=int(found.get("version") or 0),
        on_hand=quantity(found.get("on_hand")),
        safety_stock=quantity(found.get("safety_stock")),
        days=tuple(as_day(day) for day in found.get("days") or ()),
        feeds=tuple(as_feed(feed) for feed in found.get("inputs") or ()),
    )


def as_day(found: Mapping[str, Any]) -> Day:
    """One day of an availability answer."""
    return Day(
        date=date.fromisoformat(str(found["date"])),
        projected=quantity(found.get("projected")),
        atp=quantity(found.get("atp")),
        receipts=tuple(as_entry(entry, "receipt") for entry in found.get("receipts") or ()),
        claims=tuple(as_entry(entry, "claim") for entry in found.get("claims") or ()),
    )


def as_entry(found: Mapping[str, Any], kind: str) -> Entry:
    """A receipt or claim; its size is what counts, the side it stands on says the direction."""
    return Entry(
        ref=str(found.get("receipt_id") or found.get("owner") or found.get("ref") or ""),
        quantity=abs(quantity(found.get("quantity"))),
        kind=str(found.get("kind") or kind),
        who=str(found.get("customer") or found.get("supplier") or ""),
        expires_at=instant(found.get("expires_at")),
    )


def as_feed(found: Mapping[str, Any]) -> Feed:
    """One input of an answer: what it was computed from, and how old that was."""
    seconds = found.get("age_seconds")
    return Feed(
        source=str(found.get("source") or ""),
        site=str(found.get("site") or ""),
        as_of=instant(found.get("as_of")),
        age_seconds=None if seconds is None else float(seconds),
        stale=bool(found.get("stale")),
    )


def as_promise(found: Mapping[str, Any]) -> Promise:
    """One answer of the list of quotes."""
    return Promise(
        quote_id=str(found.get("id") or ""),
        status=str(found.get("status") or ""),
        outcome=str(found.get("outcome") or ""),
        summary=str(found.get("summary") or ""),
        skus=tuple(str(sku) for sku in found.get("skus") or ()),
        customer=str(found.get("customer") or ""),
        order_id=found.get("order_id"),
        created_at=instant(found.get("created_at")),
    )


def as_alert(found: Mapping[str, Any]) -> Alert:
    """One alert of notifier's list."""
    cause = found.get("cause") or {}
    return Alert(
        alert_id=str(found["alert_id"]),
        status=str(found.get("status") or ""),
        severity=str(found.get("severity") or ""),
        sentence=str(found.get("sentence") or ""),
        cause=str(cause.get("code") or "").replace("_", " ").lower(),
        ref=str(cause.get("ref") or ""),
        promises=int(found.get("promise_count") or 0),
        taken_by=str(found.get("assigned_to") or found.get("acknowledged_by") or ""),
        raised_at=instant(found.get("raised_at")),
        resolved_at=instant(found.get("resolved_at")),
        revision=int(found.get("revision") or 0),
        snoozed_until=instant(found.get("snoozed_until")),
    )


def as_at_risk(order: Mapping[str, Any], line: Mapping[str, Any]) -> AtRisk:
    """An order line with its risk."""
    risk = line["risk"]
    cause = risk.get("cause") or {}
    return AtRisk(
        order_id=str(order["id"]),
        order=str(order.get("external_id") or order["id"]),
        customer=str(order.get("customer") or ""),
        sku=str(line["sku"]),
        quantity=quantity(line.get("quantity")),
        promised=civil(line.get("promised_date")),
        projected=None if risk.get("unsupplied") else civil(risk.get("projected_date")),
        slip_days=int(risk.get("slip_days") or 0),
        cause=str(cause.get("summary") or cause.get("ref") or "") if isinstance(cause, dict) else str(cause),
    )


def civil(value: object) -> date | None:
    """A civil date, or None."""
    return date.fromisoformat(str(value)) if value else None


def quantity(value: object) -> Decimal:
    """Exact, whatever JSON made of it; nothing is nought."""
    return Decimal(0) if value is None else Decimal(str(value))


def instant(value: object) -> datetime | None:
    """An RFC 3339 instant, or None."""
    return datetime.fromisoformat(str(value)) if value else None


def lacking(body: object) -> str:
    """The names and reasons of the checks that fail, out of a readiness answer."""
    checks = body.get("checks") if isinstance(body, dict) else None
    rows: Iterable[Any] = checks.values() if isinstance(checks, dict) else checks or ()
    failing = [row for row in rows if isinstance(row, dict) and not row.get("ok")]
    return "; ".join(f"{row.get('name', '')}: {row.get('detail', '')}".strip(": ") for row in failing)

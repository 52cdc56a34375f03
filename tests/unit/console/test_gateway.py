"""What the others answer becomes plain values; what they do not answer is said by name."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from services.console.domain.values import Pair
from services.console.gateway import Away, Gateway, Heard, Refused
from services.console.settings import Settings

CHAIR = Pair("CHAIR", "HAM")
BOOK = {
    "sku": "CHAIR", "site": "HAM", "time_zone": "Europe/Berlin", "version": 7, "on_hand": 12, "safety_stock": 2.5,
    "days": [{"date": "2026-12-01", "projected": 0.1, "atp": -0.2, "receipts": [{"ref": "PO-1", "quantity": 80}],
              "claims": [{"ref": "ord_1", "quantity": -5}]}],
    "inputs": [{"source": "inventory", "site": "HAM", "as_of": "2026-11-21T10:42:07Z", "age_seconds": 0.4, "stale": False}],
}  # fmt: skip

Answer = Callable[[httpx.Request], httpx.Response]


def a_gateway(answer: Answer) -> Gateway:
    return Gateway(Settings(), httpx.MockTransport(answer))


async def test_a_book_keeps_its_quantities_exactly() -> None:
    gateway = a_gateway(lambda _: httpx.Response(200, json={"data": [BOOK]}))
    (book,) = await gateway.books([CHAIR], None, date(2026, 12, 1))
    assert book.days[0].projected == Decimal("0.1")
    assert book.days[0].atp == Decimal("-0.2")
    assert book.safety_stock == Decimal("2.5")
    assert book.days[0].claims[0].quantity == 5, "the side it stands on says the direction"
    assert book.feeds[0].age_seconds == 0.4


async def test_lists_are_read_to_their_end_but_not_beyond_what_is_shown() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("cursor", "0"))
        return httpx.Response(200, json={"data": [{"sku": f"S{at}", "site": "A"}], "next_cursor": str(at + 1) if at < 4 else None})

    pairs, left_out = await a_gateway(answer).positions(100)
    assert [pair.sku for pair in pairs] == ["S0", "S1", "S2", "S3", "S4"]
    assert left_out == 0
    pairs, left_out = await a_gateway(answer).positions(3)
    assert len(pairs) == 3
    assert left_out == 1


def refuse_connection(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "answer",
    [
        refuse_connection,
        lambda _: httpx.Response(503, json={"code": "BUSY"}),
        lambda _: httpx.Response(200, text="<html>"),
        lambda _: httpx.Response(401, json={"code": "INVALID_KEY"}),
    ],
)
async def test_whoever_does_not_answer_is_away_by_name(answer: Answer) -> None:
    with pytest.raises(Away) as away:
        await a_gateway(answer).promises(5)
    assert away.value.service == "quote"


async def test_a_refusal_carries_its_words_and_its_offer() -> None:
    problem = {
        "detail": "The hold has expired.",
        "code": "HOLD_EXPIRED",
        "offer": {"outcome": "late"},
        "errors": [{"pointer": "/x", "message": "no"}],
    }
    with pytest.raises(Refused) as refused:
        await a_gateway(lambda _: httpx.Response(409, json=problem)).act("quo_1", "confirm", "k")
    assert refused.value.detail == "The hold has expired. /x: no"
    assert refused.value.problem["offer"] == {"outcome": "late"}


@pytest.mark.parametrize("strange", ["../orders", "a/b?c=d", "%2e%2e", "x y"])
async def test_a_quote_id_never_leaves_its_place_in_the_address(strange: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json={})

    await a_gateway(answer).act(strange, "confirm", "k")
    assert asked[0].startswith("/v1/quotes/")
    assert asked[0].endswith("/confirm")
    assert asked[0].count("/") == 4
    assert "?" not in asked[0]


async def test_the_stream_gives_each_event_and_passes_over_what_is_none() -> None:
    availability = 'event: availability\ndata: {"sku": "A",\ndata:  "site": "B"}'
    events = f": hello\n\n{availability}\n\nevent: order\ndata: not json\n\nevent: hold\ndata: {{}}\n\n"
    gateway = a_gateway(lambda _: httpx.Response(200, content=events.encode()))
    async with gateway.stream() as heard:
        assert await _all(heard) == [Heard("availability", {"sku": "A", "site": "B"}), Heard("hold", {})]


async def _all(heard: AsyncIterator[Heard]) -> list[Heard]:
    return [each async for each in heard]


async def test_a_stream_that_is_refused_is_away() -> None:
    with pytest.raises(Away):
        async with a_gateway(lambda _: httpx.Response(503)).stream():
            pass


async def test_readiness_names_what_is_lacking() -> None:
    body: dict[str, Any] = {
        "ready": False,
        "checks": [{"name": "database", "ok": True}, {"name": "broker", "ok": False, "detail": "no answer"}],
    }
    service = await a_gateway(lambda _: httpx.Response(503, content=json.dumps(body))).look("quote")
    assert service.word == "not ready"
    assert service.detail == "broker: no answer"

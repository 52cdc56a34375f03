"""The console as a service: quick with many books, closed to strangers, and standing while everybody else is away."""

import asyncio

import httpx
import pytest

from deploy.local.ports import free_port
from services.console.app import create_app
from services.console.settings import Settings
from tests.running import RunningService, ServiceStarter

BOOKS = 600


@pytest.fixture(scope="module")
async def console(a_service: ServiceStarter) -> RunningService:
    """A console and nobody else."""
    nobody = f"http://127.0.0.1:{free_port()}"
    return await a_service(
        "console", PLEDGE_QUOTE_URL=nobody, PLEDGE_INVENTORY_URL=nobody, PLEDGE_CAPACITY_URL=nobody, PLEDGE_NOTIFIER_URL=nobody
    )


@pytest.fixture
async def visitor(console: RunningService) -> httpx.AsyncClient:
    """Somebody without a key."""
    return httpx.AsyncClient(base_url=console.url, trust_env=False)


async def test_alone_it_stands_and_says_who_is_away(visitor: httpx.AsyncClient) -> None:
    async with visitor:
        answer = await visitor.get("/")
        assert answer.status_code == 200
        for path in ("/book?sku=A&site=B", "/desk", "/readyz", "/livez", "/metrics", "/openapi.json", "/asyncapi.json"):
            assert (await visitor.get(path)).status_code == 200, path
        asked = await visitor.post("/desk/answer", data={"sku": "CHAIR", "quantity": "1"})
        assert "quote service does not answer" in asked.text


async def test_every_answer_carries_the_policy_and_no_page_breaks_it(visitor: httpx.AsyncClient) -> None:
    async with visitor:
        for path in ("/", "/desk", "/static/console.css", "/nowhere", "/readyz"):
            answer = await visitor.get(path)
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "style-src 'self'" in policy
            assert "unsafe" not in policy
            assert " style=" not in answer.text
            assert "<script>" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "localhost.evil"])
async def test_a_loopback_console_answers_to_no_foreign_name(visitor: httpx.AsyncClient, host: str) -> None:
    async with visitor:
        assert (await visitor.get("/", headers={"Host": host})).status_code == 421


async def test_a_form_of_another_site_takes_nothing(visitor: httpx.AsyncClient) -> None:
    async with visitor:
        form = {"sku": "CHAIR", "quantity": "1", "mode": "hold"}
        answer = await visitor.post("/desk/answer", data=form, headers={"Origin": "https://evil.example"})
        assert "nothing was taken" in answer.text
        answer = await visitor.post("/desk/confirm", data={"quote_id": "quo_1"}, headers={"Origin": "null"})
        assert "nothing was taken" in answer.text


async def test_a_console_open_to_the_network_only_looks() -> None:
    app = create_app(Settings(host="192.0.2.1"))  # never bound here: the application alone is asked
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console.example") as visitor,
    ):
        answer = await visitor.post("/desk/confirm", data={"quote_id": "quo_1"})
        assert "buttons only look" in answer.text


async def test_an_open_stream_does_not_hold_up_the_end(a_service: ServiceStarter) -> None:
    console = await a_service("console")
    async with httpx.AsyncClient(base_url=console.url, trust_env=False) as visitor, visitor.stream("GET", "/live") as stream:
        assert stream.status_code == 200
        assert await console.stop(within_seconds=8) == 0


async def test_hundreds_of_books_are_paged_and_the_page_stays_small(a_service: ServiceStarter) -> None:
    inventory = await a_service("inventory")
    quote = await a_service("quote", PLEDGE_QUOTE_INVENTORY_URL=inventory.url)
    async with httpx.AsyncClient(headers=inventory.headers, trust_env=False, timeout=30) as client:
        movements = [
            {
                "movement_id": f"m{n}",
                "type": "arrival",
                "site": f"S{n % 4}",
                "sku": f"PART-{n:04d}",
                "quantity": n + 1,
                "reason": "x",
                "document": "x",
            }
            for n in range(BOOKS)
        ]
        (await client.post(f"{inventory.url}/v1/movements", json={"movements": movements})).raise_for_status()
    console = await a_service("console", PLEDGE_QUOTE_URL=quote.url, PLEDGE_INVENTORY_URL=inventory.url, PLEDGE_CONSOLE_WATCH_SECONDS="0.1")
    async with httpx.AsyncClient(base_url=console.url, trust_env=False) as visitor:
        async with asyncio.timeout(60):  # the list may have been read before anybody could watch for it
            while f"{BOOKS} books" not in (first := await visitor.get("/")).text:
                await asyncio.sleep(0.1)
        assert f"{BOOKS} books" in first.text
        assert first.text.count("<article") == 12
        assert len(first.content) < 100_000
        last = await visitor.get("/", params={"page": "50"})
        assert "PART-0599" in last.text
        found = await visitor.get("/", params={"q": "part-0123 s3"})
        assert found.text.count("<article") == 1

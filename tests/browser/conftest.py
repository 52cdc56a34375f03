"""A house with the furniture company in it, and a browser that tolerates no violation, no error and no foreign host."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from deploy.demo.load import load
from deploy.demo.urls import Urls
from deploy.local.ports import free_port
from tests.running import DEVELOPMENT_KEY, RunningService, ServiceStarter

CHROMIUM = os.environ.get("PLEDGE_TEST_CHROMIUM") or next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
WITHIN_MILLISECONDS = 20_000


@dataclass(frozen=True, slots=True)
class House:
    """The running services that the pages talk to."""

    quote: RunningService
    inventory: RunningService
    console: RunningService
    client: httpx.AsyncClient

    async def put_stock(self, site: str, sku: str, on_hand: int) -> None:
        """Count."""
        body = {"on_hand": on_hand, "reason": "count", "document": "CC-1"}
        (await self.client.put(f"{self.inventory.url}/v1/stock/{site}/{sku}", json=body)).raise_for_status()

    async def on_hand(self, site: str, sku: str, on_hand: int) -> None:
        """Return when quote knows that so much is there."""
        asked = {"sku": sku, "site": site}
        deadline = asyncio.get_running_loop().time() + WITHIN_MILLISECONDS / 1000
        while (await self.client.get(f"{self.quote.url}/v1/availability", params=asked)).json().get("on_hand") != on_hand:
            assert asyncio.get_running_loop().time() < deadline, f"quote does not hear of {sku} in {site}"
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def house(a_service: ServiceStarter) -> AsyncIterator[House]:
    """Quote, inventory, capacity and console with the samples loaded; notifier is away, which the pages must bear."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: install one (`apt-get install chromium`) or name it in PLEDGE_TEST_CHROMIUM")
    inventory = await a_service("inventory")
    capacity = await a_service("capacity", PLEDGE_CAPACITY_INVENTORY_URL=inventory.url)
    quote = await a_service("quote", PLEDGE_QUOTE_INVENTORY_URL=inventory.url, PLEDGE_QUOTE_CAPACITY_URL=capacity.url)
    nobody = f"http://127.0.0.1:{free_port()}"
    console = await a_service(
        "console",
        PLEDGE_QUOTE_URL=quote.url,
        PLEDGE_INVENTORY_URL=inventory.url,
        PLEDGE_CAPACITY_URL=capacity.url,
        PLEDGE_NOTIFIER_URL=nobody,
        PLEDGE_CONSOLE_WATCH_SECONDS="0.3",
        PLEDGE_CONSOLE_COALESCE_MILLISECONDS="50",
    )
    await load(Urls(console.url, quote.url, inventory.url, capacity.url, nobody), DEVELOPMENT_KEY, lambda _: None)
    async with httpx.AsyncClient(headers=quote.headers, trust_env=False) as client:
        house = House(quote, inventory, console, client)
        await house.put_stock("FACTORY", "SCREWS", 501)
        await house.on_hand("FACTORY", "SCREWS", 501)
        yield house


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The machine's Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: install one (`apt-get install chromium`) or name it in PLEDGE_TEST_CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@dataclass(frozen=True, slots=True)
class Watched:
    """A page, and what it did that it must not do."""

    page: Page
    faults: list[str]
    tolerated: list[str]
    """Beginnings of messages that this one test provokes."""


@pytest.fixture
async def watched(browser: Browser, house: House) -> AsyncIterator[Watched]:
    """A page of a fresh visitor. The test fails on any violation, error, or request to another host."""
    async with visiting(browser, house.console.url) as watched:
        yield watched


@asynccontextmanager
async def visiting(browser: Browser, address: str) -> AsyncIterator[Watched]:
    """A page of a fresh visitor of a console. Fails on any violation, error, or request to another host."""
    context = await browser.new_context(base_url=address, viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(WITHIN_MILLISECONDS)
    page = await context.new_page()
    watched = Watched(page, [], [])

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            watched.faults.append(message.text)

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(address).netloc:
            watched.faults.append(f"request to {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: watched.faults.append(str(error)))
    page.on("request", asked)
    yield watched
    await context.close()
    assert [fault for fault in watched.faults if not fault.startswith(tuple(watched.tolerated))] == []


@pytest.fixture
def page(watched: Watched) -> Page:
    """The page alone, for tests that provoke nothing."""
    return watched.page

"""Does the client that `pledge client` generates carry a deal from the first question to the cancellation, with types?"""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.running import DEVELOPMENT_KEY, REPOSITORY, RunningService
from tests.service.quote.shop import Shop, a_name, day

SOAK = os.environ.get("PLEDGE_HYPOTHESIS") == "soak"
"""The other services take twenty seconds each; a deal below runs on a client of quote in any case."""


def generate(service: str, into: Path) -> Path:
    """Run the documented command; return the folder to import from."""
    command = [sys.executable, "-c", "from deploy.cli import main; main()", "client", service, "--output", str(into)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return into


class Calls:
    """The generated package: `calls.confirm_quote(...)` and `calls.ConfirmAsk(...)`."""

    def __init__(self, package: ModuleType, client: Any) -> None:
        self._package = package.__name__
        self._client = client
        self.models: Any = importlib.import_module(f"{self._package}.models")

    def __getattr__(self, operation: str) -> Any:
        for tag in ("quotes", "orders", "availability", "decisions"):
            try:
                module = importlib.import_module(f"{self._package}.api.{tag}.{operation}")
            except ModuleNotFoundError:
                continue
            return lambda *ids, **more: module.sync_detailed(*ids, client=self._client, **more)
        raise AttributeError(operation)


@pytest.fixture(scope="module")
def calls(services: tuple[RunningService, RunningService], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    folder = generate("quote", tmp_path_factory.mktemp("client") / "pledge-client")
    sys.path.insert(0, str(folder))
    try:
        package = importlib.import_module("pledge_client")
        with package.AuthenticatedClient(services[0].url, token=DEVELOPMENT_KEY, raise_on_unexpected_status=True) as client:
            yield Calls(package, client)
    finally:
        sys.path.remove(str(folder))


async def test_a_deal_goes_from_inquiry_to_cancellation(calls: Calls, shop: Shop) -> None:
    sku = await shop.stocked(10, {3: 30})
    models = calls.models
    line = models.LineAsk(sku=sku, quantity=25, line_ref="10", requested_date=date.fromisoformat(day(0)), sites=["HAM"])

    looked = calls.create_quote(body=models.QuoteAsk(lines=[line], customer="ACME")).parsed
    assert isinstance(looked, models.QuoteOut)
    assert (looked.mode, looked.outcome, looked.lines[0].promised_date) == ("inquiry", "late", date.fromisoformat(day(3)))
    assert [peg.quantity for peg in looked.lines[0].pegging] == [10, 15]

    deal = a_name("deal")
    ask = models.QuoteAsk(lines=[line], customer="ACME", mode=models.QuoteAskMode.HOLD, ttl_seconds=900, idempotency_key=f"{deal}-hold")
    held = calls.create_quote(body=ask).parsed
    assert held.status == "held"
    again = calls.create_quote(body=ask).parsed
    assert (again.id, again.replayed) == (held.id, True)

    confirmed = calls.confirm_quote(held.id, body=models.ConfirmAsk(idempotency_key=f"{deal}-confirm", external_id=deal)).parsed
    assert (confirmed.status, confirmed.lines[0].promised_date) == ("confirmed", held.lines[0].promised_date)
    order = calls.get_order(confirmed.order_id).parsed
    assert (order.external_id, order.lines[0].status, order.lines[0].quantity) == (deal, "confirmed", 25)

    fewer = models.AmendAsk(lines=[models.LineChange(line_ref="10", quantity=8)], expected_revision=order.revision, reason="customer asked")
    amended = calls.amend_order(order.id, body=fewer).parsed
    assert (amended.lines[0].quantity, amended.revision) == (8, order.revision + 1)

    cancelled = calls.cancel_order(order.id).parsed
    assert (cancelled.status, cancelled.lines[0].status) == ("cancelled", "cancelled")
    assert await shop.atp(sku) == 10


async def test_a_refusal_is_a_problem_with_its_code_and_the_offer(calls: Calls, shop: Shop) -> None:
    sku = await shop.stocked(3)
    models = calls.models
    refused = calls.create_order(body=models.OrderAsk(lines=[models.LineAsk(sku=sku, quantity=5)]))
    assert refused.status_code == HTTPStatus.CONFLICT
    assert isinstance(refused.parsed, models.Problem)
    assert refused.parsed.retryable is False
    offer = models.QuoteOut.from_dict(refused.parsed["offer"])
    assert offer.lines[0].promised_quantity == 0

    order = calls.create_order(body=models.OrderAsk(lines=[models.LineAsk(sku=sku, quantity=1)])).parsed
    stale = models.AmendAsk(lines=[models.LineChange(line_ref="1", quantity=2)], expected_revision=7)
    moved_on = calls.amend_order(order.order_id, body=stale)
    assert (moved_on.status_code, moved_on.parsed.code) == (HTTPStatus.CONFLICT, "REVISION_CONFLICT")


async def test_a_mistake_names_its_place(calls: Calls) -> None:
    models = calls.models
    wrong = calls.create_quote(body=models.QuoteAsk(lines=[models.LineAsk(sku="CHAIR", quantity=-1)]))
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [(each.pointer, each.code) for each in wrong.parsed.errors] == [("/lines/0/quantity", "quantity_positive")]
    unknown = calls.get_order("ord_nothing")
    assert (unknown.status_code, unknown.parsed.code) == (HTTPStatus.NOT_FOUND, "ORDER_NOT_FOUND")


@pytest.mark.parametrize("service", ["quote", "inventory", "capacity", "notifier"] if SOAK else ["notifier"])
def test_a_client_of_every_service_is_generated_without_a_complaint_and_twice_the_same(service: str, tmp_path: Path) -> None:
    first, second = (generate(service, tmp_path / name) for name in ("first", "second"))
    assert contents(first) == contents(second)
    environment = {**os.environ, "PYTHONPATH": str(first)}
    package = "pledge_client" if service == "quote" else f"pledge_{service}_client"
    importing = [sys.executable, "-W", "error", "-c", f"import {package}.models"]
    done = subprocess.run(importing, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.suffix in {".py", ".toml", ".md"}
    }

"""An inquiry is answered in the words of the published model, though none is built for it."""

from typing import Any

import orjson
import pytest

from services.quote.api.models.quotes import QuoteOut
from services.quote.asks.quotes import QuoteAsk
from services.quote.handlers.inquire import answered
from shared.contracts.inventory import SiteDefined
from tests.unit.quote.desk_house import NOW, DeskHouse, a_day, a_receipt


@pytest.fixture(scope="module")
def house() -> DeskHouse:
    """In stock, to come, to be made, and at two sites."""
    house = DeskHouse()
    house.hear(SiteDefined(revision=1, occurred_at=NOW, site="MUC", name="MUC", time_zone="Europe/Berlin", pick_pack_days=1))
    for sku in ("STOCK", "COMING", "MADE", "PART"):
        house.item(sku, decimals=2)
    house.stock("STOCK", 10)
    house.hear(
        house.position("COMING", on_hand=2.5, receipts=(a_receipt("PO-1", 5, 3, "purchase_order", supplier="S"), a_receipt("PO-2", 5, 9)))
    )
    house.hear(house.position("PART", on_hand=1, receipts=(a_receipt("PO-3", 20, 4, "purchase_order"),)))
    house.stock("MADE", 1)
    house.machine("SAW", 60)
    house.made_of("MADE", ("PART", 2))
    house.made_on("MADE", "SAW", per_unit=30)
    return house


ASKED: dict[str, dict[str, Any]] = {
    "in stock": {"lines": [{"sku": "STOCK", "quantity": 3}, {"line_ref": "B", "sku": "STOCK", "quantity": "0.25"}]},
    "late": {"lines": [{"sku": "COMING", "quantity": 7, "requested_date": a_day(1).isoformat()}]},
    "past": {"lines": [{"sku": "STOCK", "quantity": 1, "requested_date": a_day(-3).isoformat()}]},
    "split": {"allow_partial": True, "lines": [{"sku": "COMING", "quantity": 40}]},
    "forbidden to split": {"lines": [{"sku": "COMING", "quantity": 12, "latest_acceptable_date": a_day(4).isoformat()}]},
    "made": {"lines": [{"sku": "MADE", "quantity": 6}]},
    "together": {"ship_complete": True, "lines": [{"sku": "STOCK", "quantity": 1}, {"sku": "COMING", "quantity": 6}]},
    "unknown": {"lines": [{"sku": "NOWHERE", "quantity": 1}, {"sku": "STOCK", "quantity": 99, "sites": ["MUC", "HAM"]}]},
    "with a probability": {"probability": 0.9, "lines": [{"sku": "COMING", "quantity": 4}]},
    "as late as it may be": {"policy": "just_in_time", "lines": [{"sku": "MADE", "quantity": 4, "requested_date": a_day(20).isoformat()}]},
    "what if": {"assume": [{"kind": "stock", "sku": "STOCK", "site": "HAM", "delta": 50}], "lines": [{"sku": "STOCK", "quantity": 40}]},
}  # fmt: skip


@pytest.mark.parametrize("what", ASKED)
def test_what_is_rendered_by_hand_is_what_the_model_would_have_rendered(house: DeskHouse, what: str) -> None:
    body, _ = answered(house.board, QuoteAsk.model_validate(ASKED[what]), NOW, "quo_1", "dec_1", "req_1")
    said = orjson.loads(orjson.dumps(body))
    assert QuoteOut.model_validate(body).model_dump(mode="json", exclude_unset=True) == said

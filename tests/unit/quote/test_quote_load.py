"""What resources and suppliers are loaded with, up to the last day there is."""

from datetime import date, timedelta
from typing import Any

from services.quote.handlers.load import load, load_of_supplier
from services.quote.handlers.take import Take
from shared.contracts.inventory import SupplierDefined, SupplierItemDefined
from tests.unit.quote.desk_house import NOW, SITE, TODAY, DeskHouse, a_hold, a_receipt, an_order

WEEK = timedelta(days=7)


def a_house(**terms: Any) -> DeskHouse:
    """A supplier who delivers on the day it is asked, and a clock that stands where the house says."""
    house = DeskHouse()
    house.item("TILE")
    house.hear(SupplierDefined(revision=1, occurred_at=NOW, supplier="KILN", name="Kiln"))
    said = {"supplier_item": "TERMS", "sku": "TILE", "supplier": "KILN", "site": SITE, **terms}
    house.hear(SupplierItemDefined.model_validate({"revision": 1, "occurred_at": NOW, **said}))
    house.board._tell_time(NOW)
    return house


def periods(house: DeskHouse, first: date | None = None, last: date | None = None) -> list[dict[str, Any]]:
    found = load_of_supplier(house.board, "TERMS", first, last)
    assert found is not None
    return list(found["periods"])


def tiles(quantity: float) -> dict[str, Any]:
    return {"line_ref": "1", "sku": "TILE", "quantity": quantity, "requested_date": TODAY.isoformat(), "sites": [SITE]}


def test_each_period_says_what_is_promised_of_it_what_is_on_order_and_what_is_left() -> None:
    house = a_house(capacity_quantity=5, capacity_period_days=7)
    monday = TODAY - timedelta(days=TODAY.weekday())
    house.hear(house.position("TILE", receipts=[a_receipt("PO-1", 2, 7, "purchase_order", supplier="KILN").model_dump()]))
    house.do(Take(an_order(tiles(10)), "tests", "req_1"))
    house.do(Take(a_hold(tiles(1)), "tests", "req_2", ttl_seconds=60))
    found = periods(house, TODAY, TODAY + 3 * WEEK)
    assert [(one["from_date"], one["to_date"]) for one in found] == [
        ((monday + n * WEEK).isoformat(), (monday + n * WEEK + timedelta(days=6)).isoformat()) for n in range(4)
    ]
    names = ("available_quantity", "claimed_quantity", "on_order_quantity", "free_quantity")
    assert [tuple(one[name] for name in names) for one in found[:2]] == [(5, 5, 0, 0), (5, 3, 2, 0)]
    claimed = sum(one["claimed_quantity"] for one in found)
    house.now = NOW + timedelta(seconds=61)
    house.board._tell_time(house.now)
    assert sum(one["claimed_quantity"] for one in periods(house, TODAY, TODAY + 3 * WEEK)) == claimed - 1


def test_terms_that_name_no_capacity_have_no_end() -> None:
    (one,) = periods(a_house(), TODAY, TODAY)
    assert (one["available_quantity"], one["free_quantity"], one["claimed_quantity"]) == (None, None, 0)


def test_the_last_day_there_is_can_be_asked_for() -> None:
    house = a_house(capacity_quantity=5)
    house.machine("SAW", 100)
    asked = load(house.board, "SAW", date.max, None)
    assert asked is not None
    assert [one["date"] for one in asked["days"]] == ["9999-12-31"]
    assert [one["to_date"] for one in periods(house, date.max, date.max)] == ["9999-12-31"]
    assert [one["from_date"] for one in periods(house, date.min, date.min)] == ["0001-01-01"]


def test_of_what_nobody_has_heard_of_nothing_is_said() -> None:
    assert load_of_supplier(a_house().board, "OTHER", None, None) is None

"""Cases of ceilings and of what is kept for a class."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.quote.domain.allocation import Allocation, Every
from services.quote.domain.allocation import Kind as AllocationKind
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.dates import Way
from services.quote.domain.promise import Demand, LineRequest, promise
from tests.cases.kernel.shelf import Shelf, a_book, day_of, micro


def ceilings_of(steps: Sequence[dict[str, Any]]) -> list[Allocation]:
    """Each step of a quota as a ceiling on the class that asks."""
    return [
        Allocation(step["period"], AllocationKind.CEILING, ("class",), "SKU", None, micro(step["quota"]), Every(step["period"]))
        for step in steps
    ]


def delivered_within(case: dict[str, Any], steps: Sequence[int], transit: int = 0) -> list[tuple[date, int, int]]:
    """Ship date, delivery day and units of each delivery, asked within the quotas of these steps."""
    asked = case["ask"]
    wanted = day_of(asked["delivery"])
    shelf = Shelf(a_book(1000), today=wanted - 28)
    shelf.rationed = ceilings_of([case["given"]["steps"][step] for step in steps])
    shelf.way = Way(EVERY_DAY, 0, EVERY_DAY, transit, EVERY_DAY, None, "LANE")
    line = LineRequest("1", "SKU", micro(asked["qty"]), wanted, ("S",), ship_to="THERE")
    found = promise(Demand((line,), allow_partial=True, classes=("class",)), shelf).lines[0]
    assert found.promised_quantity == micro(asked["qty"])
    return [(date.fromordinal(one.ship_day), one.delivery_day, one.quantity // 1_000_000) for one in found.deliveries]


def check_quotas(case: dict[str, Any]) -> None:
    """Step by step, as in the source: the month, then the weeks a week before, then the days of what the weeks let through."""
    wanted = day_of(case["ask"]["delivery"])
    ((_, day, quantity),) = delivered_within(case, [0])
    assert [[date.fromordinal(day).isoformat(), quantity]] == case["expect"]["step1"]
    weeks = delivered_within(case, [0, 1], transit=7)
    assert [[f"W{ship.isocalendar().week:02}", quantity] for ship, _, quantity in weeks] == case["expect"]["step2"]
    assert weeks[0][1] == wanted
    days = delivered_within({**case, "ask": {**case["ask"], "delivery": "1998-01-12"}}, [1, 2])
    assert {quantity for _, _, quantity in days} == {case["expect"]["step3_qty_each"]}
    assert {ship.strftime("%m-%d") for ship, _, _ in days} >= set(case["expect"]["step3_days"]), "the source lists them; two may be lost"


def targets_of(case: dict[str, Any]) -> dict[str, int]:
    """What each class is to get of the supply; a ratio is turned into its number."""
    targets, supply = case["given"]["targets"], case["given"]["supply"]
    parts = sum(one.get("ratio", 0) for one in targets.values())
    return {name: one["number"] if "number" in one else supply * one["ratio"] // parts for name, one in targets.items()}


def check_targets(case: dict[str, Any]) -> None:
    """A target is kept for its class, and is all that the class gets."""
    shelf = Shelf(a_book(case["given"]["supply"]))
    for name, quantity in targets_of(case).items():
        for kind in AllocationKind:
            shelf.rationed.append(Allocation(f"{name} {kind}", kind, (name,), "SKU", frozenset({"S"}), micro(quantity)))
    for name, quantity in case["expect"]["promisable"].items():
        line = LineRequest("1", "SKU", micro(case["given"]["supply"]), shelf.day, ("S",))
        found = promise(Demand((line,), allow_partial=True, classes=(name,)), shelf).lines[0]
        assert found.promised_quantity == micro(quantity)

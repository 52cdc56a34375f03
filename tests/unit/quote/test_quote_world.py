"""What the others have defined, as the kernel asks for it: ways, and until when they hold."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.quote.domain.sources import Buy
from services.quote.store.supply import Definition
from services.quote.world import World
from shared.contracts.base import Contract
from shared.contracts.inventory import LaneDefined, SiteDefined
from tests.unit.quote.desk_house import a_settings

TUESDAY = datetime(2026, 12, 1, tzinfo=UTC)


def a_world(*told: Contract) -> World:
    world = World(a_settings())
    for one in told:
        state = one.model_dump(mode="json")
        kind = "site" if isinstance(one, SiteDefined) else "lane"
        world.learn(Definition(kind, state[kind], 1, state))
    return world


def a_site(cut_off: str | None = None, time_zone: str = "UTC") -> SiteDefined:
    return SiteDefined(revision=1, occurred_at=TUESDAY, site="HAM", name="HAM", time_zone=time_zone, cut_off_time=cut_off)


def a_lane(name: str, to: str, **more: object) -> LaneDefined:
    return LaneDefined.model_validate({"revision": 1, "occurred_at": TUESDAY, "lane": name, "from_site": "HAM", "to": to, **more})


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_the_cut_off_passes_once_whatever_was_asked_just_before(zone: str) -> None:
    """Asked within the second of the cut-off, the answer must not stand for the rest of the day."""
    world = a_world(a_site("14:00:00", zone))
    local = world.local("HAM", TUESDAY)
    at = (local.replace(hour=14, minute=0, second=0)).astimezone(UTC)
    first = []
    for seconds in (-1, 0, 0.3, 0.999, 1, 2, 3600):
        (way,) = world.ways("SKU", "HAM", None, None, at + timedelta(seconds=seconds))
        first.append((way.first_pick or 0) - local.toordinal())
    assert first == [0, 0, 0, 0, 1, 1, 1]


def test_midnight_begins_a_new_day_at_the_site_and_not_before() -> None:
    world = a_world(a_site(None, "Asia/Tokyo"))
    midnight = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    found = [world.ways("SKU", "HAM", None, None, midnight + timedelta(seconds=seconds))[0].first_pick for seconds in (-1, 0, 1)]
    assert found == [found[1] - 1, found[1], found[1]]  # type: ignore[operator]


def test_the_civil_date_turns_at_the_sites_midnight_whichever_instant_was_asked_before() -> None:
    """Clocks go forward at midnight in Beirut on 29 March and back on 24 October: these days have 23 and 25 hours."""
    for zone, at in (
        ("Asia/Tokyo", TUESDAY),
        ("Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),
        ("Asia/Beirut", datetime(2026, 10, 24, 20, tzinfo=UTC)),
    ):
        world, local = a_world(a_site(None, zone)), ZoneInfo(zone)
        for hours in (0, 30, -30, 1, -1, 0.5, 2, 3, 24, 25, 26, -2, 12):
            now = at + timedelta(hours=hours)
            for instant in (now, now - timedelta(microseconds=1), now + timedelta(microseconds=1)):
                assert world.today("HAM", instant) == instant.astimezone(local).toordinal()


def test_a_world_of_an_earlier_time_forgets_what_was_worked_out_of_today() -> None:
    """What was decided the day before is replayed with the handling days of that day."""
    world = a_world(a_site(), a_lane("DE", "DE"))
    before = world.fork().ways("SKU", "HAM", "DE", None, TUESDAY)
    world.ways("SKU", "HAM", "DE", None, TUESDAY + timedelta(days=1))
    assert world.fork().ways("SKU", "HAM", "DE", None, TUESDAY) == before


def test_the_closest_destination_counts_and_only_its_lanes() -> None:
    world = a_world(a_site(), a_lane("DE", "DE"), a_lane("BY", "DE-BY"), a_lane("BY-2", "DE-BY"), a_lane("REST", "*"))

    def lanes(ship_to: str) -> list[str | None]:
        return [way.lane for way in world.ways("SKU", "HAM", ship_to, None, TUESDAY)]

    assert lanes("DE-BY") == lanes("DE-BY-MUC") == ["BY", "BY-2"]
    assert lanes("DE-BE") == lanes("DE") == ["DE"]
    assert lanes("FR") == ["REST"]


def test_a_lane_for_one_sku_leads_nothing_else() -> None:
    world = a_world(a_site(), a_lane("ONE", "DE", sku="A"))
    assert [len(world.ways(sku, "HAM", "DE", None, TUESDAY)) for sku in ("A", "B")] == [1, 0]


def test_what_is_remembered_of_ways_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.quote.world.known.MOST_WAYS", 10)
    world = a_world(a_site(), a_lane("REST", "*"))
    for number in range(100):
        assert world.ways("SKU", "HAM", f"X{number}", None, TUESDAY)
    assert len(world._ways) <= 10


def test_what_its_owner_has_retired_is_as_if_it_had_never_been_and_may_come_back() -> None:
    terms = {"supplier_item": "T", "sku": "A", "site": "HAM", "supplier": "W", "lead_time_days": 3, "priority": 0}
    way = {"sku": "B", "routings": [{"site": "HAM", "operations": []}]}
    world = a_world(a_site(), a_lane("ONE", "DE"))

    def told(kind: str, name: str, state: Mapping[str, object], revision: int) -> None:
        world.learn(Definition(kind, name, revision, {**state, "revision": revision}))

    def known() -> tuple[int, int, int]:
        return (
            len(world.ways("A", "HAM", "DE", None, TUESDAY)),
            len(world.sources("A", "HAM", TUESDAY)),
            len(world.sources("B", "HAM", TUESDAY)),
        )

    told("supplier_item", "T", terms, 1)
    told("routing", "B", way, 1)
    assert known() == (1, 1, 1)
    lane = a_lane("ONE", "DE").model_dump(mode="json")
    for revision, retired in ((2, True), (3, False)):
        told("lane", "ONE", {**lane, "retired": retired}, revision)
        told("supplier_item", "T", {**terms, "retired": retired}, revision)
        told("routing", "B", {**way, "retired": retired}, revision)
        assert known() == ((0, 0, 0) if retired else (1, 1, 1))
        assert list(world.all_of("lane")) == ([] if retired else ["ONE"])


def test_a_source_that_nobody_had_seen_at_a_time_is_unknown_to_the_world_of_then() -> None:
    world = World(a_settings())
    world.learn(Definition("lateness", "purchase_order|OAK", 1, {"lateness": "purchase_order|OAK", "observed": {"0": 9.0}, "revision": 1}))
    then = world.fork()
    then.learn(Definition("lateness", "purchase_order|OAK", 0, {"retired": True}))
    assert world.chances.within("purchase_order|OAK", 0) is not None
    assert then.chances.within("purchase_order|OAK", 0) is None


@pytest.mark.parametrize(
    ("days", "terms", "cumulative"),
    [
        ({"A": 5}, {}, 5),
        ({"A": 5, "B": 10, "C": 4}, {}, 15),
        ({"A": 5, "B": 2, "C": 4, "D": 9}, {}, 18),
        ({"A": 5, "B": 2}, {"D": [7, 3]}, 8),
        ({"A": 5, "C": 4}, {"D": [7, 3], "C": [1]}, 12),
        ({"B": 10}, {}, None),
    ],
)
def test_an_items_cumulative_lead_time_is_its_own_after_the_longest_of_what_goes_into_it(
    days: dict[str, int], terms: dict[str, list[int]], cumulative: int | None
) -> None:
    """A is made of B and C, C of D; D, by a mistake, of A."""
    world = a_world(a_site())
    for sku, parts in {"A": "BC", "C": "D", "D": "A", "B": ""}.items():
        told_of = {"name": sku, "decimals": 0, "dock_to_stock_days": 0, "uom": "EA", "lead_time_days": days.get(sku), "revision": 1}
        world.learn(Definition("item", sku, 1, {**told_of, "promise_at_lead_time": sku == "A", "lifecycle": "active", "substitutes": []}))
        lines = [{"component": part, "quantity_per": 1} for part in parts]
        if parts:
            world.learn(Definition("bom", sku, 1, {"sku": sku, "boms": [{"site": None, "components": lines}], "revision": 1}))
        for number, lead in enumerate(terms.get(sku, [])):
            one = {"sku": sku, "site": "HAM", "supplier": "W", "lead_time_days": lead, "priority": 0, "revision": 1}
            world.learn(Definition("supplier_item", f"{sku}{number}", 1, one))
    beyond = [one.lead_time_days for one in world.sources("A", "HAM", TUESDAY) if isinstance(one, Buy)]
    assert beyond == ([] if cumulative is None else [cumulative])


def test_a_part_without_a_lead_time_of_its_own_takes_the_days_on_which_its_supplier_works() -> None:
    """Three working days from a Tuesday are Friday; four are Monday."""
    for lead, cumulative in ((3, 3), (4, 6)):
        world = a_world(a_site())
        weekdays = {"weekly": [480] * 5 + [0] * 2, "days": {}, "from_date": "2026-01-01", "until_date": "2029-01-01"}
        world.learn(Definition("calendar", "WEEK", 1, {"calendar": "WEEK", "pattern": weekdays, "revision": 1}))
        world.learn(Definition("supplier", "W", 1, {"supplier": "W", "calendar": "WEEK", "revision": 1}))
        told_of = {
            "name": "A",
            "decimals": 0,
            "dock_to_stock_days": 0,
            "uom": "EA",
            "lead_time_days": 0,
            "revision": 1,
            "lifecycle": "active",
        }
        world.learn(Definition("item", "A", 1, {**told_of, "promise_at_lead_time": True}))
        lines = [{"component": "B", "quantity_per": 1}]
        world.learn(Definition("bom", "A", 1, {"sku": "A", "boms": [{"site": None, "components": lines}], "revision": 1}))
        one = {"sku": "B", "site": "HAM", "supplier": "W", "lead_time_days": lead, "priority": 0, "revision": 1}
        world.learn(Definition("supplier_item", "B", 1, one))
        assert [one.lead_time_days for one in world.sources("A", "HAM", TUESDAY) if isinstance(one, Buy)] == [cumulative]


def test_lead_times_add_up_however_deep_an_item_is_made() -> None:
    world = a_world(a_site())
    for level in range(3000):
        told_of = {"name": "A", "decimals": 0, "dock_to_stock_days": 0, "uom": "EA", "lead_time_days": 1, "revision": 1}
        world.learn(Definition("item", f"A{level}", 1, {**told_of, "promise_at_lead_time": not level, "lifecycle": "active"}))
        lines = [{"component": f"A{level + 1}", "quantity_per": 1}]
        world.learn(Definition("bom", f"A{level}", 1, {"sku": f"A{level}", "boms": [{"site": None, "components": lines}], "revision": 1}))
    assert [one.lead_time_days for one in world.sources("A0", "HAM", TUESDAY) if isinstance(one, Buy)] == [3000]

"""The lowest of ceiling, floor and supply refuses a line, with what sources can bring by then, and says so."""

from typing import Any

from services.quote.domain.allocation import Allocation, Every, Kind
from services.quote.domain.calendar import Calendar
from services.quote.domain.dates import Way, immediate
from services.quote.domain.promise import Demand, LinePromise, promise
from services.quote.domain.sources import Make
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, Plant, a_machine, a_step

NEVER_WORKS = Calendar((0,) * 7, {})


def a_ceiling(quantity: float, sku: str = "SKU", **more: Any) -> Allocation:
    return Allocation("C", Kind.CEILING, ("shop",), sku, None, units(quantity), **more)


def asked(shelf: AShelf, quantity: float, *, partial: bool = False, sku: str = "SKU", **more: Any) -> LinePromise:
    (line,) = promise(Demand((a_line(quantity, sku=sku, **more),), allow_partial=partial, classes=("shop",)), shelf).lines
    return line


def test_what_could_be_made_by_the_latest_date_counts_as_supply_up_to_that_day() -> None:
    """One a day: three are there on day 3, five are not. Two that a ceiling leaves are less than three, four are more."""
    for left, expected in ((2, "CEILING_REACHED"), (4, "NOT_ENOUGH_SUPPLY")):
        plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 1))
        plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 1),)),)
        plant.rationed = [a_ceiling(left, PRODUCT)]
        line = asked(plant, 5, sku=PRODUCT, sites=(HERE,), latest_day=3)
        assert (line.outcome, line.reasons[-1].code) == ("none", expected)


def test_what_all_sites_have_together_is_what_a_split_lacks_a_ceiling_for() -> None:
    shelf = AShelf(a_book(on_hand=1), a_book(on_hand=2, site="BER"))
    shelf.rationed = [a_ceiling(2, every=Every.DAY)]
    line = asked(shelf, 3, partial=True, sites=("HAM", "BER"), latest_day=0)
    assert (line.outcome, line.promised_quantity, line.reasons[-1].code) == ("partial", units(2), "CEILING_REACHED")


def test_a_site_that_never_delivers_leaves_nothing() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(on_hand=9, site="BER"))
    shelf.several = {"HAM": (immediate(TODAY),), "BER": (Way(NEVER_WORKS, 0, NEVER_WORKS, 0, NEVER_WORKS, None, "L"),)}
    shelf.rationed = [a_ceiling(3)]
    for quantity in (5, 6):
        for partial, promised in ((False, 0), (True, 3)):
            line = asked(shelf, quantity, partial=partial, sites=("HAM", "BER"))
            assert (line.promised_quantity, line.reasons[-1].code) == (units(promised), "CEILING_REACHED")


def test_what_a_floor_keeps_refuses_on_the_latest_day_itself() -> None:
    shelf = AShelf(a_book(on_hand=5))
    shelf.rationed = [Allocation("F", Kind.FLOOR, ("gold",), "SKU", frozenset({"HAM"}), units(2))]
    assert asked(shelf, 5, latest_day=0).reasons[-1].code == "KEPT_FOR_OTHERS"
    assert asked(shelf, 6, latest_day=0).reasons[-1].code == "KEPT_FOR_OTHERS", "three is the lowest: of the five that there are"

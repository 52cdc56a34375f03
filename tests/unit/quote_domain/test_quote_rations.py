"""Which ceilings and floors bind one decision."""

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.book import Book
from services.quote.domain.change import CurrentLine, amend
from services.quote.domain.entry import BUCKET
from services.quote.domain.promise import Delivery, Demand, promise
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, claim, receipt, units

BOTH = frozenset({"HAM", "BER"})


def a_shelf(*rations: Allocation, buckets: tuple[Book, ...] = ()) -> AShelf:
    shelf = AShelf(a_book(on_hand=10), a_book(receipt("PO", 3, 2), on_hand=4, site="BER"), *buckets)
    shelf.rationed = list(rations)
    return shelf


def a_ceiling(name: str, who: str, sites: frozenset[str] | None = None, quantity: float = 5) -> Allocation:
    return Allocation(name, Kind.CEILING, (who,), "SKU", sites, units(quantity))


def a_floor(name: str, who: str, quantity: float, sites: frozenset[str] | None = None, release: int | None = None) -> Allocation:
    sites = frozenset({"HAM"}) if sites is None else sites
    return Allocation(name, Kind.FLOOR, (who,), "SKU", sites, units(quantity), release=None if release is None else TODAY + release)


def free(stand: Stand, site: str) -> list[float]:
    place = stand.place("SKU", site)
    assert place is not None
    return [place.offers(TODAY + day) / units(1) for day in (0, 2)]


def test_the_ceilings_of_its_own_class_come_first_then_those_around_it_and_of_one_class_by_name() -> None:
    ham, elsewhere = frozenset({"HAM"}), frozenset({"BER"})
    rations = [
        a_ceiling("B", "web"),
        a_ceiling("A", "web", ham),
        a_ceiling("Z", "gold"),
        a_ceiling("C", "shop"),
        a_ceiling("D", "gold", elsewhere),
    ]
    stand = Stand(a_shelf(*rations, a_floor("F", "silver", 1)), classes=("gold", "web"))
    place = stand.place("SKU", "HAM")
    assert place is not None
    found = stand.rations.ceilings(place)
    assert [one.allocation.id for one in found] == ["Z", "A", "B"]
    assert sorted(stand.rations.read) == [("A", BUCKET), ("B", BUCKET), ("F", BUCKET), ("Z", BUCKET)]
    assert all(one is other for one, other in zip(found, stand.rations.ceilings(place), strict=True)), "each once"
    assert Stand(a_shelf(*rations), classes=()).rations.read == []


def test_lines_of_one_request_see_what_those_before_them_took_of_a_ceiling() -> None:
    lines = (a_line(3), a_line(3, ref="2", sites=("BER",)), a_line(2, ref="3"))
    found = promise(Demand(lines, classes=("web",)), a_shelf(a_ceiling("C", "web")))
    assert [line.outcome for line in found.lines] == ["full", "none", "full"]


def test_a_floor_of_one_site_is_left_out_of_its_book_for_others_until_it_is_released() -> None:
    for rations, classes, expected in (
        ((a_floor("F", "gold", 6),), ("shop",), [4, 4]),
        ((a_floor("F", "gold", 6),), ("gold",), [10, 10]),
        ((a_floor("F", "gold", 6), a_floor("G", "silver", 3)), ("shop",), [1, 1]),
        ((a_floor("F", "gold", 6), a_floor("G", "silver", 3)), ("silver",), [4, 4]),
        ((a_floor("F", "gold", 6, release=1),), ("shop",), [4, 4]),
        ((a_floor("F", "gold", 6, release=0),), ("shop",), [10, 10]),
        ((a_floor("F", "gold", 6, frozenset({"BER"})),), ("shop",), [10, 10]),
    ):
        assert free(Stand(a_shelf(*rations), classes=classes), "HAM") == expected


def test_what_a_class_has_taken_of_its_floor_is_kept_no_longer() -> None:
    bucket = Book("F", BUCKET)
    bucket.apply([claim("c", 2, 1)], 1, NOW)
    assert free(Stand(a_shelf(a_floor("F", "gold", 6), buckets=(bucket,)), classes=("shop",)), "HAM") == [6, 6]


def test_a_floor_over_several_sites_is_kept_by_them_together() -> None:
    stand = Stand(a_shelf(a_floor("F", "gold", 8, BOTH), a_floor("G", "silver", 1)), classes=("shop",))
    assert free(stand, "HAM") == [5, 5], "BER can give 4 of the 8, and 1 is kept here alone"
    ham, ber = stand.place("SKU", "HAM"), stand.place("SKU", "BER")
    assert ham is not None
    assert ber is not None
    assert ham.guard is ber.guard is not None
    assert ([one.floor.id for one in ham.floors], [one.floor.id for one in ber.floors]) == (["F", "G"], ["F"])
    ham.take(TODAY, units(5))
    assert free(stand, "BER") == [0, 3], "all that is there now is needed for the floor"
    beside = Stand(a_shelf(a_floor("F", "gold", 8, frozenset({"HAM", "NOWHERE"}))), classes=("shop",))
    place = beside.place("SKU", "HAM")
    assert place is not None
    assert (free(beside, "HAM"), place.guard) == ([2, 2], None), "of the sites only one is known"


def test_an_order_may_take_what_a_ceiling_leaves_beside_what_it_has_itself() -> None:
    mine = claim("ord/1", 4, 0, "ord")
    bucket = Book("C", BUCKET)
    bucket.apply([mine, claim("x", 1, 0)], 1, NOW)
    before = CurrentLine(a_line(4), (Delivery("HAM", units(4), TODAY, TODAY, TODAY),), TODAY, TODAY)
    shelf = AShelf(a_book(mine, on_hand=10), bucket)
    shelf.rationed = [a_ceiling("C", "shop", quantity=6)]
    for quantity, outcome in ((5, "full"), (6, "none")):
        assert amend([before], [a_line(quantity)], shelf, "ord", classes=("shop",)).outcome == outcome


def test_an_order_keeps_what_it_has_of_what_a_floor_would_keep() -> None:
    mine = claim("ord/1", 5, 0, "ord")
    before = CurrentLine(a_line(5), (Delivery("HAM", units(5), TODAY, TODAY, TODAY),), TODAY, TODAY)
    for sites in (frozenset({"HAM"}), BOTH):
        shelf = AShelf(a_book(mine, on_hand=10), a_book(on_hand=0, site="BER"))
        shelf.rationed = [a_floor("F", "gold", 6, sites)]
        for quantity, outcome in ((5, "full"), (6, "none")):
            assert amend([before], [a_line(quantity)], shelf, "ord", classes=("shop",)).outcome == outcome

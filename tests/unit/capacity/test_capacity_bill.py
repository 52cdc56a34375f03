"""Does a product go into itself? Against a search that tries every way."""

from hypothesis import given
from hypothesis import strategies as st

from services.capacity.domain.bill import find_cycle

names = st.sampled_from("ABCDEF")
graphs = st.dictionaries(names, st.sets(names, max_size=3), max_size=6)


def every_way(goes_in: dict[str, set[str]], way: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return every way down from its last component that comes back to its first without meeting another one twice."""
    found = []
    for component in goes_in.get(way[-1], ()):
        if component == way[0]:
            found.append((*way, component))
        elif component not in way:
            found += every_way(goes_in, (*way, component))
    return found


@given(graphs, names)
def test_a_cycle_is_found_when_there_is_one_and_is_the_shortest(goes_in: dict[str, set[str]], product: str) -> None:
    ways = every_way(goes_in, (product,))
    found = find_cycle(goes_in, product)
    if found is None:
        assert ways == []
    else:
        assert found in ways
        assert len(found) == min(map(len, ways))


def test_a_cycle_is_named_from_the_product_to_itself() -> None:
    assert find_cycle({"A": ["B"], "B": ["C"], "C": ["A"]}, "A") == ("A", "B", "C", "A")
    assert find_cycle({"A": ["A"]}, "A") == ("A", "A")
    assert find_cycle({"A": ["B"], "B": ["C"], "C": ["B"]}, "A") is None, "a cycle elsewhere is not the product's"

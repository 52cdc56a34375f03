"""Classes inside one another, against a walk upwards that counts its steps."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.demandclass import circle_of, levels_with, lineage_of

NAMES = "abcdef"
forests = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([*NAMES, None]))


def above(name: str, parents: dict[str, str | None]) -> set[str]:
    """Every class that is met on the way up, the class itself only if the way leads back to it."""
    met: set[str] = set()
    at = parents.get(name)
    while at is not None and at not in met:
        met.add(at)
        at = parents.get(at)
    return met


@given(forests, st.sampled_from(NAMES))
def test_a_lineage_is_the_class_and_all_it_lies_inside_each_once(parents: dict[str, str | None], name: str) -> None:
    found = lineage_of(name, parents)
    assert found[0] == name
    assert set(found) == {name} | above(name, parents)
    assert len(set(found)) == len(found)
    assert all(parents[inner] == outer for inner, outer in pairwise(found))


@given(forests, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_a_circle_is_seen_exactly_where_a_class_would_come_to_lie_inside_itself(
    parents: dict[str, str | None], name: str, parent: str
) -> None:
    parents = {one: outer for one, outer in parents.items() if one not in above(one, parents)}
    circle = circle_of(name, parent, parents)
    assert (circle is not None) == (name in above(name, {**parents, name: parent}))
    if circle is not None:
        assert (circle[0], circle[-1]) == (name, name)
        assert circle[1] == parent
    else:
        assert levels_with(name, parent, parents) >= 2 + len(above(parent, parents))


def test_levels_count_what_lies_deepest_below_what_is_moved() -> None:
    assert levels_with("b", "a", {"a": None, "b": None, "c": "b", "d": "c"}) == 4

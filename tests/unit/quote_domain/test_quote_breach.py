"""Which books get worse if promises come to stand elsewhere: against the invariant, day by day."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.bins import StockBin
from services.quote.domain.breach import made_worse
from services.quote.domain.dates import Hop
from services.quote.domain.demandclass import Strategy
from services.quote.domain.standing import Placed, Standing
from tests.examples import examples
from tests.unit.quote_domain.builders import TODAY, units
from tests.unit.quote_domain.standings import KEYS, a_promise, bins_of

LAST = 8
PLACES = st.tuples(st.sampled_from(KEYS), st.integers(0, LAST - 2))
STAND = st.tuples(
    st.sampled_from(KEYS), st.integers(1, 4), st.integers(-1, LAST - 2), st.none() | PLACES, st.sampled_from([None, Strategy.GAIN])
)
SUPPLY = st.dictionaries(st.integers(-1, LAST - 1), st.integers(-3, 5), max_size=4)


def picked(key: str, day: int, quantity: float) -> Placed:
    """Picked on the day, shipped and delivered two days later."""
    return Placed(key, Hop(TODAY + day, TODAY + day + 2, TODAY + day + 2), units(quantity))


def projected(supply: Mapping[int, int], taken: Sequence[tuple[int, int]]) -> list[int]:
    """By day, with everything before today counted today."""
    return [
        sum(quantity for at, quantity in supply.items() if max(0, at) <= day) - sum(quantity for at, quantity in taken if max(0, at) <= day)
        for day in range(LAST)
    ]


@examples(300)
@given(st.lists(STAND, max_size=4), SUPPLY, SUPPLY)
def test_a_book_is_made_worse_iff_some_day_falls_below_what_it_was_and_below_zero(
    drawn: list[tuple[str, int, int, tuple[str, int] | None, Strategy | None]], here: Mapping[int, int], there: Mapping[int, int]
) -> None:
    supply = dict(zip(KEYS, (here, there), strict=True))
    standing: list[Standing] = []
    at: dict[str, tuple[Placed, ...]] = {}
    before: dict[str, list[tuple[int, int]]] = {key: [] for key in KEYS}
    after: dict[str, list[tuple[int, int]]] = {key: [] for key in KEYS}
    for number, (key, quantity, day, place, strategy) in enumerate(drawn):
        one = a_promise(f"P{number}", strategy, (quantity, day), key=key)
        standing.append(one)
        before[key].append((day, quantity))
        moves = place is not None and strategy is not None
        if place is not None:
            at[one.name] = (picked(*place, quantity),)
        if place is None or not moves:
            after[key].append((day, quantity))
        else:
            after[place[0]].append((place[1], quantity))
    worse = {
        key
        for key in KEYS
        if any(now < min(0, was) for was, now in zip(projected(supply[key], before[key]), projected(supply[key], after[key]), strict=True))
    }
    assert made_worse(standing, at, bins_of(supply)) == worse


def test_a_millionth_too_much_is_too_much_and_none_is_none() -> None:
    """A day on which nothing changes hides nothing."""
    one = a_promise("P", Strategy.GAIN, (3, 5))
    for day in (2, 3):
        for extra, expected in ((0, set()), (1, {KEYS[0]})):
            moved = {"P": (picked(KEYS[0], day, 3),)}
            supply = {TODAY + 2: units(3) - extra, TODAY + 4: units(1)}
            assert made_worse([one], moved, {KEYS[0]: StockBin(TODAY, supply)}) == expected

"""Promises as they stand and what becomes of them, in the words of a test: whole units, days counted from `TODAY`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from services.quote.domain.bins import StockBin
from services.quote.domain.dates import immediate
from services.quote.domain.demandclass import Strategy
from services.quote.domain.repromise import repromise
from services.quote.domain.risk import Commitment, Route, Take, foresee
from services.quote.domain.standing import Outcome, Piece, Standing
from services.quote.domain.tally import Rationed
from services.quote.handlers.repromise.simulation import MOST_ROUNDS
from tests.unit.quote_domain.builders import TODAY, units

HORIZON = 10
KEYS = ("A|HAM", "B|BER")
Supply = Mapping[str, Mapping[int, int]]


def a_route(key: str) -> Route:
    return Route(key, immediate(TODAY))


def a_promise(
    name: str,
    strategy: Strategy | None,
    *pieces: tuple[float, int],
    wanted: int | None = None,
    key: str = "A|HAM",
    others: Sequence[str] = (),
    **more: Any,
) -> Standing:
    """A promise of (units, day) from one book, wanted as it was promised unless said; ranked by its name."""
    routes = (a_route(key), *(a_route(one) for one in others))
    found = tuple(Piece(key, TODAY + day, units(quantity), TODAY + day, routes) for quantity, day in pieces)
    promised = max(day for _, day in pieces)
    return Standing(name, (name,), found, TODAY + (promised if wanted is None else wanted), TODAY + promised, strategy, **more)


def bins_of(supply: Supply, reserved: Mapping[int, int] | None = None) -> dict[str, StockBin]:
    kept = {TODAY + day: units(q) for day, q in (reserved or {}).items()}
    return {key: StockBin(TODAY, {TODAY + day: units(q) for day, q in changes.items()}, kept) for key, changes in supply.items()}


def seen(promises: Sequence[Standing], supply: Supply) -> list[Standing]:
    """The same with what pass 1 says of each."""
    commitments = [
        Commitment(
            one.name,
            one.rank,
            tuple(Take(p.key, p.day, p.quantity, p.delivery_day) for p in one.pieces),
            one.promised_day,
            frozen=one.frozen,
        )
        for one in promises
    ]
    fates = foresee(commitments, bins_of(supply))
    return [replace(one, covered=fates[one.name].kept) for one in promises]


def decided(
    promises: Sequence[Standing], supply: Supply, reserved: Mapping[int, int] | None = None, rationed: Sequence[Rationed] = ()
) -> dict[str, Outcome]:
    return repromise(seen(promises, supply), bins_of(supply, reserved), rationed)


def days_of(outcomes: Mapping[str, Outcome]) -> dict[str, int | None]:
    return {name: None if one.day is None else one.day - TODAY for name, one in outcomes.items()}


# -- random worlds

supplies = st.dictionaries(st.integers(0, HORIZON - 1), st.integers(1, 12), max_size=4)
a_strategy = st.sampled_from(Strategy)
any_promise = st.tuples(
    st.one_of(st.none(), a_strategy, a_strategy, a_strategy),
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9)), min_size=1, max_size=2),
    st.integers(0, 9), st.sampled_from(KEYS), st.booleans(), st.booleans(),
)  # fmt: skip
worlds = st.tuples(supplies, supplies, st.lists(any_promise, min_size=1, max_size=6))


def world_of(drawn: Any) -> tuple[list[Standing], Supply]:
    promises = [
        a_promise(
            str(n), strategy, *pieces, wanted=min(wanted, max(day for _, day in pieces)), key=key,
            others=[one for one in KEYS if one != key] if elsewhere else (), frozen=frozen and strategy is None,
        )
        for n, (strategy, pieces, wanted, key, elsewhere, frozen) in enumerate(drawn[2])
    ]  # fmt: skip
    return promises, dict(zip(KEYS, drawn[:2], strict=True))


def after(promises: Sequence[Standing], outcomes: Mapping[str, Outcome]) -> list[Standing]:
    """The promises as they stand once it is applied."""
    found = []
    for one in promises:
        outcome = outcomes.get(one.name)
        if outcome is None or outcome.placed is None:
            found.append(one)
            continue
        pieces = tuple(
            replace(
                piece, key=place.key, day=place.hop[0], delivery_day=place.hop[2],
                routes=(a_route(place.key), *(route for route in piece.routes if route.key != place.key)),
            )
            for piece, place in zip(one.pieces, outcome.placed, strict=True)
        )  # fmt: skip
        found.append(replace(one, pieces=pieces, promised_day=outcome.day or 0))
    return found


def projected(promises: Sequence[Standing], supply: Supply, key: str) -> list[int]:
    """Day by day, the slow way."""
    return [
        sum(units(q) for day, q in supply[key].items() if day <= today)
        - sum(p.quantity for one in promises for p in one.pieces if p.key == key and p.day - TODAY <= today)
        for today in range(HORIZON * 2)
    ]


def at_rest(promises: Sequence[Standing], decide: Callable[[Sequence[Standing]], Mapping[str, Outcome]]) -> bool:
    """Whether within the rounds of a simulation nobody moves any more: then applying it and asking again changes nothing."""
    for _ in range(MOST_ROUNDS):
        outcomes = decide(promises)
        if all(one.placed is None for one in outcomes.values()):
            return True
        promises = after(promises, outcomes)
    return False

"""Promises that were given with a probability, and whether they held: by what was said, and as rows of a page."""

from dataclasses import dataclass

from services.quote.domain.book import Book
from services.quote.domain.chance import Chances, chance_of
from services.quote.domain.promise import Demand, LinePromise, LineRequest, promise
from services.quote.domain.reasons import Code
from services.quote.domain.vouch import promise_that_holds
from tests.unit.quote_domain.builders import TODAY, AShelf


@dataclass(frozen=True, slots=True)
class Given:
    """One promise: the probability that was said with it, whether it held, and whether its date was moved for the probability."""

    said: float
    held: bool
    moved: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Promises that were given about the same probability."""

    promises: int
    said: float
    held: float


def curve(given: list[Given], width: float = 0.1) -> list[Bin]:
    """By tenths of what was said: how much of it held."""
    bins: dict[int, list[Given]] = {}
    for one in given:
        bins.setdefault(min(int(one.said / width), int(1 / width) - 1), []).append(one)
    return [
        Bin(len(some), sum(one.said for one in some) / len(some), sum(one.held for one in some) / len(some))
        for _, some in sorted(bins.items())
    ]


def said(given: list[Given]) -> float:
    """The probability that was said, on average."""
    return sum(one.said for one in given) / len(given)


def held(given: list[Given]) -> float:
    """The share that held."""
    return sum(one.held for one in given) / len(given)


def says_about_ninety(one: Given) -> bool:
    """Whether the answer says 88 to 92 percent: a promise that was given ninety percent."""
    return 0.88 <= one.said < 0.92


def mean_distance(bins: list[Bin]) -> float:
    """How far what was said lies from what held, each bin by its promises."""
    return sum(one.promises * abs(one.held - one.said) for one in bins) / sum(one.promises for one in bins)


def shown(bins: list[Bin]) -> str:
    """The curve as a table."""
    rows = (f"| {one.promises:,} | {one.said:.1%} | {one.held:.1%} | {'#' * round(one.held * 40)} |" for one in bins)
    return "\n".join(("| promises | said | held | |", "|---|---|---|---|", *rows))


def row(name: str, given: list[Given]) -> str:
    """What was said of promises, and how many held."""
    return f"| {name} | {len(given):,} | {said(given):.1%} | {held(given):.1%} |"


def answered(book: Book, line: LineRequest, chances: Chances, asked: float | None) -> tuple[float, LinePromise] | None:
    """The probability that an answer says, on a date `asked` to hold with one or not, and its line; None where nothing is uncertain."""
    shelf = AShelf(book)
    if asked is None:
        decision = promise(Demand((line,)), shelf)
        said = chance_of(decision.lines[0], decision.planned, chances, TODAY)
    else:
        decision = promise_that_holds(Demand((line,)), shelf, asked, chances)
        said = decision.lines[0].probability
    return None if said is None or said == 1 or not decision.lines[0].deliveries else (said, decision.lines[0])


def was_moved(promised: LinePromise) -> bool:
    """Whether a date was moved to hold as asked."""
    return any(reason.code == Code.LATENESS for reason in promised.reasons)

"""How a book becomes a picture: the geometry of the step chart, in the units of its view box.

Above, the balance: the projected available as a line, what can still be promised (ATP) as the area under it, the safety
stock as a band below zero. Beneath, in a strip with its own scale, what comes (up) and what goes (down) on each day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.console.domain.values import Book, Day, Entry
from services.console.domain.wording import day_month, number

MONDAY = 0


@dataclass(frozen=True, slots=True)
class Size:
    """Of the whole picture and of its parts."""

    width: float = 384
    balance_height: float = 112
    strip_height: float = 38
    left: float = 44
    right: float = 8
    top: float = 12
    gap: float = 10
    bottom: float = 18

    @property
    def height(self) -> float:
        """Everything, from the top edge to the dates."""
        return self.top + self.balance_height + self.gap + self.strip_height + self.bottom


CARD = Size()
LARGE = Size(width=1080, balance_height=300, strip_height=90, left=60, top=16, gap=18, bottom=22)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid with its label."""

    at: float
    label: str
    zero: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; for a bar with what it stands for."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class StepChart:
    """Everything a template needs to draw, and the same in words."""

    size: Size
    line: str
    promisable: str
    short: str
    band: Box | None
    bars: tuple[Box, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    zero: float
    strip_zero: float
    strip_top: float
    strip_bottom: float
    today: float
    words: str


def step_chart(book: Book, size: Size = CARD) -> StepChart | None:
    """The picture of a book; None when there is no day to draw."""
    if not book.days:
        return None
    plot = size.width - size.left - size.right
    step = plot / len(book.days)
    x = [round(size.left + index * step, 2) for index in range(len(book.days) + 1)]
    projected = [float(day.projected) for day in book.days]
    promisable = [max(0.0, float(day.atp)) for day in book.days]
    safety = float(book.safety_stock)
    whole = all(value.is_integer() for value in (safety, *projected))
    ticks = nice_ticks(min(0.0, -safety, *projected), max(1.0, *projected), 4, smallest=1.0 if whole else 0.0)
    scale = _Scale(ticks[0], ticks[-1], size.top, size.top + size.balance_height)
    strip_top = size.top + size.balance_height + size.gap
    strip = _strip(book.days, strip_top, size.strip_height)
    zero = scale(0.0)
    return StepChart(
        size=size,
        line=_steps(x, [scale(value) for value in projected]),
        promisable=_area(x, [scale(value) for value in promisable], zero) if any(promisable) else "",
        short=_area(x, [scale(min(-safety, value)) for value in projected], scale(-safety)) if min(projected) < -safety else "",
        band=Box(size.left, zero, plot, round(scale(-safety) - zero, 2), "safety") if safety > 0 else None,
        bars=tuple(_bars(book, x, step, strip)),
        rows=tuple(Tick(scale(value), number(Decimal(str(value))), zero=value == 0) for value in ticks),
        columns=tuple(_columns(book.days, x)),
        zero=zero,
        strip_zero=strip(0.0),
        strip_top=strip_top,
        strip_bottom=strip_top + size.strip_height,
        today=x[0],
        words=in_words(book),
    )


def in_words(book: Book) -> str:
    """What the picture shows, for those who do not see it."""
    last = book.days[-1]
    lowest = min(book.days, key=lambda day: day.projected)
    said = [f"{book.sku} in {book.site}: {number(book.on_hand)} on hand, {number(book.free_now)} can be promised today"]
    if book.safety_stock:
        said.append(f"{number(book.safety_stock)} kept back as safety stock")
    if lowest.projected < 0:
        said.append(f"the balance falls to {number(lowest.projected)} on {day_month(lowest.date)}")
    said.append(f"{number(last.atp)} can be promised by {day_month(last.date)}")
    return "; ".join(said) + "."


def nice_ticks(low: float, high: float, wanted: int, smallest: float = 0.0) -> list[float]:
    """About `wanted` round steps (1, 2 or 5 times a power of ten, not below `smallest`) that cover low to high and go through zero."""
    span = max(high - low, 1e-9)
    power = 10.0 ** _exponent(span / wanted)
    unit = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= wanted)
    unit = max(unit, smallest)
    first = -_ceiling(-low / unit) if low < 0 else 0
    last = _ceiling(high / unit)
    return [round(index * unit, 9) for index in range(first, last + 1)]


def _exponent(value: float) -> int:
    exponent = 0
    while value >= 10:  # noqa: PLR2004 - the base of our numbers
        value, exponent = value / 10, exponent + 1
    while value < 1:
        value, exponent = value * 10, exponent - 1
    return exponent


def _ceiling(value: float) -> int:
    return -int(-value // 1)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values from low to high onto the page, high at the top."""

    low: float
    high: float
    top: float
    bottom: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.bottom - share * (self.bottom - self.top), 2)


def _strip(days: tuple[Day, ...], top: float, height: float) -> _Scale:
    """One scale for both directions, so that equal quantities are equally long; at most four fifths of it downwards or upwards."""
    coming = max((float(day.coming) for day in days), default=0.0)
    going = max((float(day.going) for day in days), default=0.0)
    span = max(coming + going, 1.0)
    return _Scale(-max(going, span * 0.2), max(coming, span * 0.2), top, top + height)


def _steps(x: list[float], y: list[float]) -> str:
    path = [f"M{x[0]} {y[0]}"]
    for index, level in enumerate(y):
        if index and level != y[index - 1]:
            path.append(f"V{level}")
        if index + 1 == len(y) or y[index + 1] != level:
            path.append(f"H{x[index + 1]}")
    return "".join(path)


def _area(x: list[float], y: list[float], base: float) -> str:
    along = _steps(x, y).removeprefix(f"M{x[0]} {y[0]}")
    return f"M{x[0]} {base}V{y[0]}{along}V{base}Z"


def _bars(book: Book, x: list[float], step: float, strip: _Scale) -> Iterable[Box]:
    width = round(max(2.0, min(14.0, step * 0.64)), 2)
    zero = strip(0.0)
    for index, day in enumerate(book.days):
        left = round(x[index] + (step - width) / 2, 2)
        when = day_month(day.date)
        sure = day.coming - day.planned
        height = max(2.0, round(zero - strip(float(sure)), 2)) if sure > 0 else 0.0
        if sure > 0:
            listed = _listed(tuple(entry for entry in day.receipts if not entry.is_planned))
            yield Box(left, round(zero - height, 2), width, height, "receipt", f"{when}: {listed}")
        if day.planned > 0:
            above = max(2.0, round(zero - strip(float(day.planned)), 2))
            listed = _listed(tuple(entry for entry in day.receipts if entry.is_planned))
            yield Box(left, round(zero - height - above, 2), width, above, "planned", f"{when}, planned: {listed}")
        if day.going > 0:
            height = max(2.0, round(strip(-float(day.going)) - zero, 2))
            yield Box(left, zero, width, height, "claim", f"{when}: {_listed(day.claims)}")


def _listed(entries: tuple[Entry, ...], most: int = 4) -> str:
    words = [f"{number(entry.quantity)} {entry.label}" for entry in entries[:most]]
    if len(entries) > most:
        words.append(f"and {len(entries) - most} more")
    return ", ".join(words)


def _columns(days: tuple[Day, ...], x: list[float]) -> Iterable[Tick]:
    """A line at each Monday, thinned out to at most seven, none so near the left edge that it runs into `today`."""
    mondays = [index for index, day in enumerate(days) if day.date.weekday() == MONDAY]
    every = max(1, -(-len(mondays) // 7))
    nearest = max(2, len(days) // 12)
    for index in mondays[::every]:
        if index >= nearest and len(days) - index >= nearest // 2:
            yield Tick(x[index], day_month(days[index].date))

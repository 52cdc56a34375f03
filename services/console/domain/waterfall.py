"""Why this date? From the wanted to the promised date, a bar for each step that took days: the geometry, in units of its view box."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from services.console.domain.wording import day_month

WIDTH, LEFT, RIGHT, TOP, ROW = 640.0, 104.0, 14.0, 20.0, 28.0
FITS = 44.0
"""The width of the longest label."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the explanation, as quote told it."""

    step: str
    code: str
    summary: str
    days: int
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A step in the picture: from which day to which it moved the date."""

    step: Step
    x: float
    y: float
    width: float
    until: date
    """The date after this step."""

    @property
    def label_at(self) -> float:
        """Where its days are written: in it, else behind it, else before it."""
        if self.width >= FITS:
            return self.x + self.width - 5
        return self.x + self.width + 5 if self.x + self.width + FITS <= WIDTH else self.x - 5

    @property
    def label_kind(self) -> str:
        """`inside`, `behind` or `before`."""
        if self.width >= FITS:
            return "inside"
        return "behind" if self.x + self.width + FITS <= WIDTH else "before"


@dataclass(frozen=True, slots=True)
class Edge:
    """A day with its place."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Everything a template needs to draw, and the same in words."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    edges: tuple[Edge, ...]
    bottom: float
    words: str


def waterfall(requested: date | None, steps: Iterable[Step]) -> Waterfall | None:
    """The picture; None when no step moved the date, or nobody knows from where."""
    moving = [step for step in steps if step.days]
    if requested is None or not moving:
        return None
    ends = [0]
    for step in moving:
        ends.append(ends[-1] + step.days)
    low, high = min(ends), max(ends)
    scale = (WIDTH - LEFT - RIGHT) / max(1, high - low)

    def place(days: int) -> float:
        return round(LEFT + (days - low) * scale, 2)

    bars = tuple(
        Bar(step, place(min(begin, end)), round(TOP + n * ROW, 2), round(abs(end - begin) * scale, 2), requested + timedelta(days=end))
        for n, (step, begin, end) in enumerate(zip(moving, ends[:-1], ends[1:], strict=True))
    )
    bottom = TOP + len(bars) * ROW
    edges = tuple(Edge(place(days), day_month(requested + timedelta(days=days))) for days in dict.fromkeys((0, ends[-1])))
    said = "; ".join(f"{bar.step.step} {'adds' if bar.step.days > 0 else 'saves'} {spoken_days(abs(bar.step.days))}" for bar in bars)
    words = f"Wanted on {day_month(requested)}, promised for {day_month(requested + timedelta(days=ends[-1]))}: {said}."
    return Waterfall(WIDTH, bottom + 8, bars, edges, bottom, words)


def spoken_days(days: int) -> str:
    """`1 day`, `3 days`."""
    return "1 day" if days == 1 else f"{days} days"

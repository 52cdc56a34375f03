"""What answers look like: a book as steps, a delivery on its calendars, the minutes of a resource. Each is an SVG of its own.

The geometry of a book is the console's (`services/console/domain/chart.py`), so that the page and the screen show the same picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from deploy.guide.saying import number, short_date
from services.console.domain.chart import Size, StepChart, step_chart
from services.console.domain.values import Book
from services.console.gateway import as_book

PALETTE = (
    "--ink:#1d2426;--soft:#5d686b;--line:#e2e0d8;--paper:#ffffff;--accent:#0b6b61;--tint:#d3ebe6;--receipt:#2d7dc9;--claim:#c26a10;"
    "--safety:#cfc7b2;--bad:#b3261e;--closed:#efede6"
)
DARK = (
    "--ink:#e7ecec;--soft:#9aa7aa;--line:#2c363b;--paper:#1a2125;--accent:#4cc3b2;--tint:#1d4742;--receipt:#6db3f2;--claim:#f0a24a;"
    "--safety:#4d4a3d;--bad:#ff9a90;--closed:#252e33"
)
STYLE = (
    f"svg{{{PALETTE}}}@media(prefers-color-scheme:dark){{svg{{{DARK}}}}}"
    "text{font:12px system-ui,sans-serif;fill:var(--soft)}text.title{font-size:14px;font-weight:600;fill:var(--ink)}"
    "text.value{fill:var(--ink);font-weight:600}text.row{text-anchor:end}text.mid{text-anchor:middle}"
    ".paper{fill:var(--paper)}.grid{stroke:var(--line)}.zero{stroke:var(--soft)}.balance{fill:none;stroke:var(--ink);stroke-width:2}"
    ".promisable{fill:var(--tint)}.short{fill:var(--bad);fill-opacity:.22}.safety{fill:var(--safety);fill-opacity:.55}"
    ".receipt{fill:var(--receipt)}.planned{fill:none;stroke:var(--receipt);stroke-width:1.5;stroke-dasharray:2 2}.claim{fill:var(--claim)}"
    ".closed{fill:var(--closed)}.way{stroke:var(--accent);stroke-width:2}.dot{fill:var(--accent)}.free{fill:var(--tint)}"
)
BOOK = Size(width=720, balance_height=190, strip_height=64, left=52, right=16, top=52, gap=16, bottom=44)
LEGEND = (
    ("balance", "projected"),
    ("promisable", "can be promised (ATP)"),
    ("safety", "safety stock"),
    ("short", "short"),
    ("receipt", "comes"),
    ("planned", "planned"),
    ("claim", "goes"),
)


def of_book(found: Mapping[str, Any], title: str) -> str:
    """An availability answer: the balance, what can be promised of it, and below what comes and goes."""
    book = as_book(found)
    chart = step_chart(book, BOOK)
    if chart is None:
        raise ValueError(f"{book.sku} at {book.site} has no day to draw")
    parts = [*_title(title), *_rows(chart), *_balance(chart), *_dates(book, chart), *_strip(chart), *_legend(chart)]
    return _svg(BOOK.width, BOOK.height + 24, chart.words, parts)


def _rows(chart: StepChart) -> Iterable[str]:
    for row in chart.rows:
        kind = "zero" if row.zero else "grid"
        yield f'<line class="{kind}" x1="{chart.size.left}" x2="{chart.size.width - chart.size.right}" y1="{row.at}" y2="{row.at}"/>'
        yield f'<text class="row" x="{chart.size.left - 6}" y="{row.at + 4}">{row.label}</text>'


def _balance(chart: StepChart) -> Iterable[str]:
    if chart.band:
        band = chart.band
        yield f'<rect class="safety" x="{band.x}" y="{band.y}" width="{band.width}" height="{band.height}"/>'
    if chart.promisable:
        yield f'<path class="promisable" d="{chart.promisable}"/>'
    if chart.short:
        yield f'<path class="short" d="{chart.short}"/>'
    yield f'<path class="balance" d="{chart.line}"/>'


def _dates(book: Book, chart: StepChart) -> Iterable[str]:
    step = (chart.size.width - chart.size.left - chart.size.right) / len(book.days)
    for index, day in enumerate(book.days):
        middle = round(chart.size.left + (index + 0.5) * step, 1)
        yield f'<text class="mid" x="{middle}" y="{chart.strip_bottom + 18}">{_day(day.date)}</text>'
        yield f'<text class="mid value" x="{middle}" y="{chart.strip_bottom + 36}">{number(float(day.atp))}</text>'
    yield f'<text class="row" x="{chart.size.left - 6}" y="{chart.strip_bottom + 36}">ATP</text>'


def _strip(chart: StepChart) -> Iterable[str]:
    left, right, zero = chart.size.left, chart.size.width - chart.size.right, chart.strip_zero
    yield f'<line class="grid" x1="{left}" x2="{right}" y1="{zero}" y2="{zero}"/>'
    for bar in chart.bars:
        yield f'<rect class="{bar.kind}" x="{bar.x}" y="{bar.y}" width="{bar.width}" height="{bar.height}" rx="1"/>'


def _legend(chart: StepChart) -> Iterable[str]:
    shown = {bar.kind for bar in chart.bars} | {"balance"}
    shown |= {kind for kind, there in (("promisable", chart.promisable), ("safety", chart.band), ("short", chart.short)) if there}
    x, y = chart.size.left, chart.size.height + 14
    for kind, words in LEGEND:
        if kind in shown:
            line = f'<line class="balance" x1="{x}" x2="{x + 14}" y1="{y - 4}" y2="{y - 4}"/>'
            yield line if kind == "balance" else f'<rect class="{kind}" x="{x}" y="{y - 10}" width="14" height="10"/>'
            yield f'<text x="{x + 20}" y="{y}">{words}</text>'
            x += 40 + 6.6 * len(words)


def of_way(title: str, first: date, days: int, rows: Sequence[tuple[str, frozenset[date]]], marks: Sequence[tuple[int, date, str]]) -> str:
    """A delivery from pick to the customer: a row for each calendar, closed days shaded; `marks` say what happens in a row on a day."""
    left, step, height, top = 120.0, 58.0, 46.0, 62.0
    width, bottom = left + days * step + 16, top + len(rows) * height
    parts = list(_title(title))
    for index in range(days):
        day = first + timedelta(days=index)
        x = left + index * step
        parts.append(f'<text class="mid" x="{x + step / 2}" y="{top - 8}">{_day(day)}</text>')
        parts += [
            f'<rect class="closed" x="{x}" y="{top + row * height}" width="{step}" height="{height}"/>'
            for row, (_, closed) in enumerate(rows)
            if day in closed
        ]
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>')
    for row, (name, _) in enumerate(rows):
        y = top + row * height
        parts.append(f'<line class="grid" x1="{left}" x2="{width - 16}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="row" x="{left - 8}" y="{y + height / 2 + 4}">{escape(name)}</text>')
    at = [(left + ((day - first).days + 0.5) * step, top + (row + 0.5) * height - 6) for row, day, _ in marks]
    parts += [f'<line class="way" x1="{x}" y1="{y}" x2="{later_x}" y2="{later_y}"/>' for (x, y), (later_x, later_y) in pairwise(at)]
    for (x, y), (_, _, words) in zip(at, marks, strict=True):
        parts.append(f'<circle class="dot" cx="{x}" cy="{y}" r="5"/><text class="mid value" x="{x}" y="{y + 20}">{escape(words)}</text>')
    said = "; ".join(f"{words} on {short_date(day.isoformat())}" for _, day, words in marks)
    return _svg(width, bottom + 14, f"{title}: {said}.", parts)


def of_load(found: Mapping[str, Any], title: str) -> str:
    """The minutes of a resource day by day: what it can do, and what promises take of it."""
    days = list(found["days"])
    left, step, high, top = 52.0, 62.0, 150.0, 52.0
    most = max(max(day["available_minutes"], day["claimed_minutes"]) for day in days) or 1
    width, floor = left + len(days) * step + 16, top + high
    parts = list(_title(title))
    parts.append(f'<line class="zero" x1="{left}" x2="{width - 16}" y1="{floor}" y2="{floor}"/>')
    for index, day in enumerate(days):
        x = left + index * step + 10
        can, takes = (round(high * day[name] / most, 1) for name in ("available_minutes", "claimed_minutes"))
        parts.append(f'<rect class="free" x="{x}" y="{floor - can}" width="{step - 20}" height="{can}"/>')
        parts.append(f'<rect class="claim" x="{x}" y="{floor - takes}" width="{step - 20}" height="{takes}"/>')
        middle = x + step / 2 - 10
        parts.append(f'<text class="mid" x="{middle}" y="{floor + 18}">{_day(date.fromisoformat(day["date"]))}</text>')
        parts.append(f'<text class="mid value" x="{middle}" y="{floor + 36}">{number(day["claimed_minutes"])}</text>')
        parts.append(f'<text class="mid" x="{middle}" y="{floor + 52}">of {number(day["available_minutes"])}</text>')
    parts.append(f'<text class="row" x="{left - 2}" y="{floor + 36}">min</text>')
    said = ", ".join(f"{number(day['claimed_minutes'])} of {number(day['available_minutes'])} on {short_date(day['date'])}" for day in days)
    return _svg(width, floor + 66, f"{title}: minutes taken {said}.", parts)


def _day(day: date) -> str:
    """`Fri 23`."""
    return f"{day:%a} {day.day}"


def _title(title: str) -> Iterable[str]:
    yield f'<text class="title" x="16" y="26">{escape(title)}</text>'


def _svg(width: float, height: float, words: str, parts: Iterable[str]) -> str:
    box = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label={quoteattr(words)}>'
    return "\n".join([head, f"<style>{STYLE}</style>", '<rect class="paper" width="100%" height="100%" rx="8"/>', *parts, "</svg>"]) + "\n"


def shown(name: str, words: str) -> str:
    """The picture on the page."""
    return f"![{words}](images/promising-{name}.svg)"

"""How a request and its answer are shown: what matters of it, as JSON that a reader can follow, or as a table by day."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

WIDTH = 128
"""What fits into this stands on one line."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one example puts on the page, and its pictures by file name."""

    text: str
    pictures: Mapping[str, str] = field(default_factory=dict)


def exchange(call: str, body: Any, answer: Any, *kept: str, status: int = 200) -> str:
    """A call and what matters of its answer: `kept` names the fields, `lines.deliveries.site` those within others."""
    asked = f"{call}\n{_json(body)}" if body is not None else call
    answered = _json(keep(answer, kept) if kept else answer)
    said = "" if status == 200 else f"{status}\n"  # noqa: PLR2004 -- the good one goes without saying
    return f"```http\n{asked}\n```\n\n```json\n{said}{answered}\n```"


def keep(value: Any, paths: Iterable[str]) -> Any:
    """The value with the named fields alone, in the order in which they are named; what says nothing (null, no entries) is left out."""
    if isinstance(value, list):
        return [keep(one, paths) for one in value]
    if not isinstance(value, dict):
        return value
    inner: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        inner.setdefault(name, [])
        if rest:
            inner[name].append(rest)
    kept = {name: keep(value[name], rest) if rest else value[name] for name, rest in inner.items() if name in value}
    return {name: one for name, one in kept.items() if one is not None and one != []}


def by_day(book: Mapping[str, Any], sku: str = "") -> str:
    """A book as a table: what comes and goes each day, the balance, and what may be promised."""
    days = book["days"]
    rows = [
        (f"{sku} at {book['site']}" if sku else "", [short_date(day["date"]) for day in days]),
        ("comes", [_sum(day["receipts"]) for day in days]),
        ("goes", [_sum(day["claims"]) for day in days]),
        ("projected", [number(day["projected"]) for day in days]),
        ("**ATP**", [f"**{number(day['atp'])}**" for day in days]),
    ]
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    return "\n".join([lines[0], "|---|" + "---:|" * len(days), *lines[1:]])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of words."""
    names = list(head)
    return "\n".join([f"| {' | '.join(names)} |", "|" + "---|" * len(names), *(f"| {' | '.join(row)} |" for row in rows)])


def short_date(value: str) -> str:
    """`Fri 23 Oct`."""
    day = date.fromisoformat(value)
    return f"{day:%a} {day.day} {day:%b}"


def number(value: float) -> str:
    """`200`, `1,250`, `1.25`."""
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def _sum(entries: Iterable[Mapping[str, Any]]) -> str:
    total = sum(entry["quantity"] for entry in entries)
    return number(total) if total else ""


def _json(value: Any, indent: int = 0) -> str:
    """JSON that breaks a line only where it has to."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = " " * (indent + 1)
    if isinstance(value, list):
        return "[" + f",\n{inner}".join(_json(one, indent + 1) for one in value) + "]"
    lines: list[str] = []
    for name, one in value.items():
        begun = f"{json.dumps(name)}: "
        said = begun + _json(one, indent + 1 + len(begun))
        last = lines[-1] if lines else ""
        if last and "\n" not in f"{last}{said}" and len(f"{inner}{last}, {said}") <= WIDTH:
            lines[-1] = f"{last}, {said}"
        else:
            lines.append(said)
    return "{" + f",\n{inner}".join(lines) + "}"

"""How values become HTML: the template environment, filters and all."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.domain import chart, wording
from services.console.domain.waterfall import Step, Waterfall, waterfall
from services.console.handlers import Console

HERE = Path(__file__).resolve().parent.parent
STATIC = HERE / "static"


def slug(key: str) -> str:
    """A name for a book that may stand in an id and in an event, whatever its sku is called."""
    return "book-" + hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def _fingerprint() -> str:
    """Changes with the files, so that a browser never runs the old script with the new page."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _clock_time(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%H:%M:%S")


def _a_date(value: object) -> str:
    return wording.long_date(date.fromisoformat(str(value))) if value else ""


def _steps(line: Mapping[str, Any]) -> list[Step]:
    """The explanation of a line of an answer."""
    return [
        Step(
            str(reason.get("step") or ""),
            str(reason.get("code") or ""),
            str(reason.get("summary") or str(reason.get("code") or "").replace("_", " ").lower()),
            int(reason.get("adds_days") or 0),
            str(reason.get("ref") or ""),
        )
        for reason in line.get("reasons") or ()
    ]


def _waterfall(line: Mapping[str, Any]) -> Waterfall | None:
    requested = line.get("requested_date")
    return waterfall(date.fromisoformat(str(requested)) if requested else None, _steps(line)) if line.get("promised_date") else None


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "age": wording.age,
        "day_month": wording.day_month,
        "long_date": wording.long_date,
        "a_date": _a_date,
        "clock_time": _clock_time,
        "slug": slug,
    }
    environment.globals |= {"version": _fingerprint(), "step_chart": chart.step_chart, "CARD": chart.CARD, "LARGE": chart.LARGE}
    environment.globals |= {"steps_of": _steps, "waterfall_of": _waterfall}
    return environment


_templates = _environment()


def render(template: str, context: Mapping[str, Any]) -> str:
    """The filled-in template."""
    return _templates.get_template(template).render(context)


def page(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """An HTML answer that no cache keeps: it is true only now."""
    return HTMLResponse(render(template, context), status, headers={"Cache-Control": "no-store"})


def _console(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


Known = Annotated[Console, Depends(_console)]
"""The console of this process."""

"""How is a file sent: which service takes it, how far is it, and what came of it?"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.urls import Urls

Progress = Callable[[int, int], None]
"""Called with bytes sent and bytes in all."""

SERVICES = {
    "inventory": ("stock", "receipts", "movements", "items", "sites", "lanes", "transfers", "suppliers", "supplier_items"),
    "capacity": ("calendars", "resources", "exceptions", "boms", "operation_resources", "routings"),
    "quote": ("classes", "customers", "policies", "allocations", "backlog", "orders"),
}
"""Which service takes which kind."""
BACKLOGS = frozenset({"backlog", "orders"})
"""Orders promised elsewhere; `orders` under the name that their file usually has."""
_IN_ORDER = (
    "items", "calendars", "sites", "suppliers", "classes", "customers", "policies", "allocations", "resources", "exceptions", "lanes",
    "transfers", "supplier_items", "boms", "operation_resources", "routings", "stock", "receipts", "movements",
)  # fmt: skip
PATIENCE_SECONDS = 45.0
"""How long a service that is away or busy is asked again, unless the caller says otherwise."""
PIECE_BYTES = 64 * 1024
_OK, _TRY_LATER = 200, frozenset({429, 503})
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 10.0


class RefusedError(Exception):
    """The file was not taken, and will not be as it is."""


class AwayError(Exception):
    """The service did not take it for now; the same file later."""


@dataclass(slots=True)
class Result:
    """What came of a file."""

    rows: int = 0
    applied: int = 0
    unchanged: int = 0
    failed: int = 0
    errors_file: str | None = None
    closed: int = 0
    skipped: int = 0
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)

    def sentence(self, name: str) -> str:
        """For people."""
        rows = "1 row" if self.rows == 1 else f"{self.rows} rows"
        said = f"{name}: {rows}, {self.applied} applied, {self.unchanged} unchanged, {self.failed} failed"
        said += f", {self.closed} closed" if self.closed else ""
        said += f", {self.skipped} not open and left out" if self.skipped else ""
        return said + (f"; see {self.errors_file}" if self.errors_file else "")


@dataclass(frozen=True, slots=True)
class File:
    """A file and what is to be done with it."""

    path: Path
    kind: str
    mode: str = "delta"
    site: str | None = None
    errors: Path | None = None
    """Where failed rows go. None: beside the file."""
    patience_seconds: float = PATIENCE_SECONDS

    @property
    def errors_path(self) -> Path:
        """Where failed rows go."""
        return self.errors or self.path.with_name(self.path.name + ".errors.csv")


def kind_of(path: Path) -> str | None:
    """The kind that a file's name begins with: stock.csv, stock-2026-11-22.csv, stock_nightly.csv."""
    stem = path.name.lower().partition(".")[0].replace("-", "_").replace(" ", "_")
    kinds = sorted((kind for kinds in SERVICES.values() for kind in kinds), key=len, reverse=True)
    return next((kind for kind in kinds if stem == kind or stem.startswith(kind + "_")), None)


def rank_of(path: Path) -> tuple[int, str]:
    """Files that lie beside one another are sent in this order, so that nothing is named before it is known."""
    kind = kind_of(path)
    return (_IN_ORDER.index(kind) if kind in _IN_ORDER else len(_IN_ORDER), path.name)


def service_of(kind: str) -> str | None:
    """The service that takes this kind."""
    return next((service for service, kinds in SERVICES.items() if kind.replace("-", "_") in kinds), None)


def client(key: str) -> httpx.Client:
    """A client that waits as long as a large file takes."""
    timeout = httpx.Timeout(30.0, read=None, write=120.0)
    return httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=timeout, trust_env=False)


def send(http: httpx.Client, urls: Urls, file: File, progress: Progress) -> Result:
    """Send a file to the service that takes it. What is interrupted is sent again: what was applied stands and is then unchanged.

    Raises RefusedError for a file that cannot be read, AwayError when the service stays away, OSError for the file itself.
    """
    base = getattr(urls, service_of(file.kind) or "inventory")
    params = {"kind": file.kind, "mode": file.mode, "file_name": _printable(file.path.name)} | ({"site": file.site} if file.site else {})
    answer = patiently(lambda: _post(http, f"{base}/v1/imports", params, file.path, progress), file.patience_seconds)
    body = json_of(answer)
    if answer.status_code != _OK:
        raise RefusedError(str(body.get("detail") or f"{base} answered {answer.status_code}"))
    names = ("rows", "applied", "unchanged", "failed", "closed", "warnings")
    result = Result(**{name: body[name] for name in names})
    if body["errors_url"]:
        _fetch(http, f"{base}{body['errors_url']}", file.errors_path)
        result.errors_file = str(file.errors_path)
    return result


def patiently(ask: Callable[[], httpx.Response], within_seconds: float) -> httpx.Response:
    """Ask until the answer is not "later". Raises AwayError when the next pause would end too late."""
    until = time.monotonic() + within_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            answer = ask()
        except httpx.TransportError as error:
            last = f"{type(error).__name__} {error}".strip()
        else:
            if answer.status_code not in _TRY_LATER:
                return answer
            last = str(json_of(answer).get("detail") or answer.status_code)
        if time.monotonic() + pause > until:
            raise AwayError(last)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """The answer's body; empty when it is no JSON object."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _post(http: httpx.Client, url: str, params: dict[str, str], path: Path, progress: Progress) -> httpx.Response:
    return http.post(url, params=params, content=_pieces(path, progress), headers={"Content-Type": "text/csv"})


def _pieces(path: Path, progress: Progress) -> Iterator[bytes]:
    size, sent = path.stat().st_size, 0
    with path.open("rb") as content:
        while piece := content.read(PIECE_BYTES):
            yield piece
            sent += len(piece)
            progress(sent, size)


def _fetch(http: httpx.Client, url: str, path: Path) -> None:
    """Write all of the answer or nothing."""
    draft = path.with_name(path.name + ".draft")
    with http.stream("GET", url) as answer, draft.open("wb") as target:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            target.write(piece)
    draft.replace(path)


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:200]

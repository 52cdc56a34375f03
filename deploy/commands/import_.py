"""`pledge import`: load a CSV through the public door, or every one that is dropped into a folder."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.saying import FAILED, AsJson, fail, say
from deploy.demo.urls import Urls
from deploy.local.layout import Layout

if TYPE_CHECKING:
    import httpx

    from deploy.importing.sending import File, Progress, Result
    from deploy.importing.watching import Seen

_SAY_EVERY_SECONDS = 5.0


class Mode(StrEnum):
    """What happens to what the file does not name."""

    DELTA = "delta"
    SNAPSHOT = "snapshot"


def import_(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="CSV; the first line names the columns.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="stock, receipts, movements, items, sites, lanes, boms, backlog … [default: from the file's name]")
    ] = None,
    mode: Annotated[Mode, typer.Option(help="snapshot: what is not named is set to zero or closed.")] = Mode.DELTA,
    site: Annotated[str | None, typer.Option(help="Every row is of this site, and a snapshot closes nothing elsewhere.")] = None,
    watch: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Stay and read each x.csv of this folder as soon as x.csv.done is there.")
    ] = None,
    every_seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="How often the folder is looked at.")] = 1.0,
    patience_seconds: Annotated[
        float, typer.Option(min=0, max=86_400, help="How long a service that is away or busy is asked again.")
    ] = 45.0,
    port_base: Annotated[int, typer.Option(min=1024, max=65000, help="The console's port; the services answer above it.")] = 8000,
    key: Annotated[
        str | None,
        typer.Option("--api-key", envvar="PLEDGE_API_KEY", show_envvar=True, help="[default: of the `pledge up` that runs here]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load a CSV; exit code 1 if a row failed. Failed rows lie in FILE.errors.csv: correct them and load that file."""
    if (file is None) == (watch is None):
        fail("name one FILE, or a folder with --watch DIR")
    urls = _urls(port_base)
    found = key or _own_key()
    if not found:
        fail("which key? Set PLEDGE_API_KEY, or name it with --api-key")
    if watch is not None:
        _watch(watch, mode, site, patience_seconds, every_seconds, urls, found, as_json=as_json)
        return
    assert file is not None
    _one(file, kind, mode, site, patience_seconds, urls, found, as_json=as_json)


def _one(path: Path, kind: str | None, mode: Mode, site: str | None, patience: float, urls: Urls, key: str, *, as_json: bool) -> None:
    from deploy.importing.sending import SERVICES, AwayError, File, RefusedError, client, kind_of, service_of

    if not path.is_file():
        fail(f"there is no file {path}")
    wanted = kind or kind_of(path)
    if wanted is None or service_of(wanted) is None:
        kinds = ", ".join(each for kinds in SERVICES.values() for each in kinds)
        fail(
            f"{wanted!r} is no kind of file: name one with --kind, of {kinds}" if wanted else f"what is {path.name}? --kind, one of {kinds}"
        )
    try:
        with client(key) as http, _shown(path.name) as progress:
            result = _send(http, urls, File(path, wanted, mode.value, site, patience_seconds=patience), progress)
    except (RefusedError, AwayError, OSError) as error:
        if as_json:
            say(json.dumps({"rows": 0, "applied": 0, "unchanged": 0, "failed": 0, "errors_file": None, "error": str(error)}))
        fail(f"{path.name}: {error}")
    _tell(path.name, result, as_json=as_json)
    if result.failed:
        raise typer.Exit(FAILED)


def _send(http: "httpx.Client", urls: Urls, file: "File", progress: "Progress") -> "Result":
    from deploy.importing.backlog import send_backlog
    from deploy.importing.sending import BACKLOGS, send

    return (send_backlog if file.kind in BACKLOGS else send)(http, urls, file, progress)


def _watch(
    directory: Path, mode: Mode, site: str | None, patience: float, every_seconds: float, urls: Urls, key: str, *, as_json: bool
) -> None:
    from deploy.importing.sending import client
    from deploy.importing.watching import Folder, TakenError, watch

    if not directory.is_dir():
        fail(f"there is no folder {directory}")
    stop = threading.Event()

    def stopping(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, stopping)
    say(f"watching {directory}")

    def tell(seen: "Seen") -> None:
        if seen.result is not None:
            _tell(seen.name, seen.result, as_json=as_json)
        elif as_json:
            say(json.dumps({"file": seen.name, "error": seen.problem}))
        else:
            say(f"{seen.name}: {seen.problem}")

    try:
        with client(key) as http:
            folder = Folder(directory, mode.value, site, patience)
            watch(folder, lambda file: _send(http, urls, file, lambda *_: None), every_seconds, tell, stop.wait)
    except (TakenError, OSError) as error:
        fail(str(error))


def _tell(name: str, result: "Result", *, as_json: bool) -> None:
    if as_json:
        say(json.dumps({"file": name} | result.as_json()))
        return
    for warning in result.warnings:
        say(f"{name}: {warning}")
    say(result.sentence(name))


def _urls(port_base: int) -> Urls:
    """Where the services answer: above the port base, or where the environment says."""
    urls = Layout(port_base).urls
    named = {name: url for name in ("inventory", "capacity", "quote") if (url := os.environ.get(f"PLEDGE_{name.upper()}_URL"))}
    return replace(urls, **{name: url.rstrip("/") for name, url in named.items()})


def _own_key() -> str | None:
    """The development key of the installation that runs under this user."""
    from deploy.local.datadir import DataDirectory, DataDirectoryError, default_directory

    try:
        directory = DataDirectory.open(default_directory(), create=False)
    except DataDirectoryError:
        return None
    return directory.development_key if directory.running() else None


@contextmanager
def _shown(name: str) -> "Iterator[Progress]":
    """A bar on a terminal, otherwise a line now and then; on stderr, so that results stand alone."""
    if not sys.stderr.isatty():
        yield _Lines(name)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda sent, size: bar.update(task, completed=sent, total=size)


class _Lines:
    """How far it is, every few seconds."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said_at = time.monotonic()

    def __call__(self, sent: int, size: int) -> None:
        if time.monotonic() - self._said_at >= _SAY_EVERY_SECONDS and sent < size:
            self._said_at = time.monotonic()
            sys.stderr.write(f"{self._name}: {100 * sent // max(size, 1)} %\n")

"""What lies in the folder? `x.csv` is read once `x.csv.done` is there, then lies in `done`; rows and files that failed in `errors`.

A file on its way lies in `working`: whoever starts after a crash finishes it first, and the same file twice changes nothing.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.importing.sending import PATIENCE_SECONDS, AwayError, File, RefusedError, Result, kind_of, rank_of

_MARK = ".done"
_WORKING, _DONE, _ERRORS = "working", "done", "errors"


class Send(Protocol):
    """Sends one file."""

    def __call__(self, file: File) -> Result:
        """Raises RefusedError and AwayError as `sending.send` does."""


class TakenError(Exception):
    """Another process watches this folder."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one file of the folder."""

    name: str
    result: Result | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that files are dropped into."""

    path: Path
    mode: str = "delta"
    site: str | None = None
    patience_seconds: float = PATIENCE_SECONDS

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Be the only one. Raises TakenError when somebody else is."""
        for name in (_WORKING, _DONE, _ERRORS):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        with (self.path / ".watched").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise TakenError(f"another process watches {self.path}") from error
            self._tidy()
            yield

    def once(self, send: Send) -> Iterator[Seen]:
        """Take every file that is ready, those first that were begun before; stop at one that the service does not take for now."""
        self._fetch()
        for path in sorted((self.path / _WORKING).iterdir(), key=rank_of):
            seen = self._take(path, send)
            yield seen
            if seen.result is None and path.exists():
                return

    def _fetch(self) -> None:
        """Move what is ready out of the reach of those who write the next file of that name."""
        for mark in sorted(self.path.glob(f"*{_MARK}")):
            path = mark.with_name(mark.name.removesuffix(_MARK))
            if path.suffix.lower() == ".csv" and path.is_file() and not (self.path / _WORKING / path.name).exists():
                path.rename(self.path / _WORKING / path.name)
                mark.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """A crash may have left the mark of a file that was fetched: it must not speak for the next one of that name."""
        for path in (self.path / _WORKING).iterdir():
            if not (self.path / path.name).exists():
                (self.path / (path.name + _MARK)).unlink(missing_ok=True)

    def _take(self, path: Path, send: Send) -> Seen:
        kind = kind_of(path)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        errors = self.path / _ERRORS
        if kind is None:
            return self._refuse(path, stamp, "its name begins with no kind: stock.csv, receipts-2026-11-22.csv …")
        failed_rows = _free(errors, path, stamp)
        try:
            result = send(File(path, kind, self.mode, self.site, failed_rows, self.patience_seconds))
        except RefusedError as error:
            return self._refuse(path, stamp, str(error))
        except AwayError as error:
            return Seen(path.name, problem=f"not for now, tried again: {error}")
        path.rename(_free(self.path / _DONE, path, stamp))
        return Seen(path.name, result)

    def _refuse(self, path: Path, stamp: str, reason: str) -> Seen:
        target = _free(self.path / _ERRORS, path, stamp)
        target.with_name(target.name + ".reason.txt").write_text(reason + "\n", encoding="utf-8")
        path.rename(target)
        return Seen(path.name, problem=reason)


def _free(directory: Path, path: Path, stamp: str) -> Path:
    """A name that is not taken: stock-20261122T193000Z.csv."""
    target = directory / f"{path.stem}-{stamp}{path.suffix}"
    further = 1
    while target.exists():
        further += 1
        target = directory / f"{path.stem}-{stamp}-{further}{path.suffix}"
    return target


def watch(folder: Folder, send: Send, every_seconds: float, tell: Callable[[Seen], None], stopped: Callable[[float], bool]) -> None:
    """Look until `stopped(seconds)`, which waits so long, says so."""
    with folder.watched():
        while True:
            for seen in folder.once(send):
                tell(seen)
            if stopped(every_seconds):
                return

"""How does a file go through? Record by record into batches, each batch one transaction; a row that cannot be taken fails alone."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from shared.database import Database, Session, as_problem
from shared.ids import new_id
from shared.imports import jobs
from shared.imports.jobs import Counts, Failure, JobRow
from shared.imports.kinds import Carry, CloseRest, Entry, Header, HeaderUnfit, Job, Kind, Rest, Row, key_of
from shared.imports.reading import FileUnreadable, Record, RecordReader
from shared.outcomes import Outcome, Refused
from shared.problems import FieldError, Problem, unavailable, unprocessable

log = structlog.get_logger(__name__)

BATCH = 500
GROUPS_BATCH = 100
MOST_GROUPED_ROWS = 200_000
"""Rows that make entities together are held until the file ends."""
MOST_FAILED = 100_000
MOST_KEPT = 100
"""Places that are named of what a snapshot could not retire."""
PATIENCE_SECONDS = 20.0
"""So long a batch waits for a database that is away or busy."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 2.0

Mode = Literal["delta", "snapshot"]


class Interrupted(Exception):  # noqa: N818  (an outcome)
    """The file did not come to its end; what was applied stands, and the same file again does the rest."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One file to import."""

    kind: Kind
    mode: Mode
    site: str | None
    file_name: str | None
    caller: str
    house: Any = None


@dataclass(slots=True)
class _Row:
    """A record that was read, on its way into a batch."""

    record: Record
    row: Row


@dataclass(slots=True)
class Run:
    """One import, from the first byte to the last batch. Memory: a piece, a batch; and all rows of a kind whose rows are grouped."""

    database: Database
    asked: Asked
    wake: Callable[[], None]
    job: Job | None = None
    _reader: RecordReader = field(default_factory=RecordReader)
    _header: Header | None = None
    _pending: list[tuple[Record, Entry]] = field(default_factory=list)
    _failures: list[Failure] = field(default_factory=list)
    _groups: dict[str, list[_Row]] = field(default_factory=dict)
    _spoilt: dict[str, int] = field(default_factory=dict)
    _grouped: int = 0
    _failed: int = 0
    _rows: int = 0

    async def go(self, pieces: AsyncIterator[bytes]) -> JobRow:
        """Import the file and answer the finished job. Raises Problem, with the job in it, when the file does not come to its end."""
        self.job = await self._begin()
        try:
            async for piece in pieces:
                await self._take(piece)
            await self._take(b"", end=True)
            if self._header is None:
                raise FileUnreadable("the file is empty: its first line names the columns")  # noqa: TRY301 -- told as all that is wrong
            await self._apply_groups()
            while self._pending or self._failures:
                await self._flush()
            warnings = await self._close_rest()
        except (FileUnreadable, HeaderUnfit) as error:
            raise await self._end("failed", str(error)) from error
        except Interrupted as error:
            raise await self._end("interrupted", str(error)) from error
        except BaseException as error:
            detail = error.detail if isinstance(error, Problem) else "the service stopped or the database was not available"
            with contextlib.suppress(Exception):
                await asyncio.shield(self._finish("interrupted", detail))
            raise
        await self._finish("done", None, warnings)
        return await self._job()

    async def _begin(self) -> Job:
        identity = new_id("imp")
        asked = self.asked
        async with self.database.transaction() as session:
            began = await jobs.begin(session, identity, asked.kind.name, asked.mode, asked.site, asked.file_name, asked.caller)
        return Job(identity, asked.caller, began, asked.site, asked.mode == "snapshot", asked.file_name, asked.house)

    async def _take(self, piece: bytes, *, end: bool = False) -> None:
        for record in self._reader.feed(piece, end=end):
            if self._header is None:
                await self._take_header(record)
            else:
                self._rows += 1
                self._read(self._header, record)
            if len(self._pending) + len(self._failures) >= BATCH:
                await self._flush()

    async def _take_header(self, record: Record) -> None:
        header = self._header = Header.read(self.asked.kind, record.cells)
        async with self.database.transaction() as session:
            await jobs.describe(session, self._id, record.cells, self._reader.delimiter, header.warnings, bom=self._reader.bom)

    def _read(self, header: Header, record: Record) -> None:
        row = header.row(record.cells)
        if isinstance(row, Refused):
            self._fail(record, row)
            if self.asked.kind.group is not None:
                self._spoilt.setdefault(header.raw_key(record.cells), record.line)
            return
        kind, site = self.asked.kind, self.asked.site
        if site is not None and kind.site_field is not None and row.get(kind.site_field) != site:
            self._fail(record, Refused(header.column(kind.site_field), "OTHER_SITE", f"this import is for the site {site} alone"))
            return
        if kind.group is not None:
            self._grouped += 1
            if self._grouped > MOST_GROUPED_ROWS:
                raise FileUnreadable(f"a file of {kind.name} has at most {MOST_GROUPED_ROWS} rows: cut it into several")
            self._groups.setdefault(key_of(kind, row), []).append(_Row(record, row))
            return
        entry = header.entry((record.line,), (row,))
        if isinstance(entry, Refused):
            self._fail(record, entry)
        else:
            self._pending.append((record, entry))

    def _fail(self, record: Record, refused: Refused) -> None:
        self._failed += 1
        if self._failed > MOST_FAILED:
            raise FileUnreadable(f"more than {MOST_FAILED} rows failed: is this a file of {self.asked.kind.name}?")
        self._failures.append(Failure(record.line, record.cells, refused.field, refused.code, refused.message))

    async def _apply_groups(self) -> None:
        header = self._header
        if self.asked.kind.group is None or header is None:
            return
        for key, rows in self._groups.items():
            if key in self._spoilt:
                for each in rows:
                    self._fail(each.record, Refused("", "SPOILT", f"left out, because line {self._spoilt[key]} of the same one failed"))
                continue
            entry = header.entry(tuple(each.record.line for each in rows), [each.row for each in rows])
            if isinstance(entry, Refused):
                for each in rows:
                    self._fail(each.record, Refused(entry.field, entry.code, f"{key}: {entry.message}"))
            else:
                self._pending.append((rows[0].record, entry))
            if len(self._pending) + len(self._failures) >= GROUPS_BATCH:
                await self._flush()

    async def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending or self._failures:
            await self._apply(pending)

    async def _apply(self, batch: Sequence[tuple[Record, Entry]]) -> None:
        """Apply a batch in one transaction; when it fails by its own fault, halve it down to the row that does."""
        kept = list(self._failures)
        try:
            failed = await self._patiently(batch, kept)
        except Exception as error:
            if _passes(error) or isinstance(error, Interrupted | FileUnreadable):
                raise
            if len(batch) > 1:
                half = len(batch) // 2
                await self._apply(batch[:half])
                await self._apply(batch[half:])
                return
            log.exception("row not imported", job=self._id, line=batch[0][0].line if batch else None)
            if not batch:
                raise
            refused = Refused("", "NOT_APPLIED", f"could not be applied; the reason is recorded under {self._id}")
            self._fail_entry(*batch[0], refused)
            return
        self._failed += failed
        self._failures = self._failures[len(kept) :]
        self.wake()

    def _fail_entry(self, record: Record, entry: Entry, refused: Refused) -> None:
        for each in self._records(record, entry):
            self._fail(each, refused)

    def _records(self, record: Record, entry: Entry) -> list[Record]:
        """All records of an entry."""
        if self.asked.kind.group is None:
            return [record]
        return [each.record for each in self._groups[entry.key]]

    async def _patiently(self, batch: Sequence[tuple[Record, Entry]], failures: Sequence[Failure]) -> int:
        """Once, again while the database is away or busy. Raises Interrupted when that takes too long."""
        until = time.monotonic() + PATIENCE_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        tried_again = len(batch) != 1
        while True:
            try:
                if self.asked.kind.carry is not None:
                    return await self._carry(self.asked.kind.carry, batch, failures)
                return await self.database.run(lambda session: self._transact(session, batch, failures))
            except Exception as error:
                if not _passes(error):
                    if tried_again:
                        raise
                    tried_again = True  # another transaction may have been quicker with the same id: once more finds it
                    continue
                if time.monotonic() > until:
                    raise Interrupted(f"the database was not available at row {self._rows}") from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _transact(self, session: Session, batch: Sequence[tuple[Record, Entry]], failures: Sequence[Failure]) -> int:
        """Apply, count, and keep what failed. Answers how many rows of the batch have failed in it."""
        kind, job = self.asked.kind, self.job
        assert job is not None  # noqa: S101 -- begun before anything is read
        assert kind.apply is not None  # noqa: S101 -- the others are carried
        twice = await self._name(session, batch) if kind.once else {}
        fresh = [entry for record, entry in batch if record.line not in twice]
        outcomes = await kind.apply(session, fresh, job) if fresh else []
        return await self._keep(session, batch, twice, outcomes, failures)

    async def _carry(self, carry: Carry, batch: Sequence[tuple[Record, Entry]], failures: Sequence[Failure]) -> int:
        """The same through a door of the service, between two transactions: what is lost between them is found unchanged."""
        job = self.job
        assert job is not None  # noqa: S101 -- begun before anything is read
        twice = await self.database.run(lambda session: self._name(session, batch))
        fresh = [entry for record, entry in batch if record.line not in twice]
        outcomes = await carry(fresh, job) if fresh else []
        return await self.database.run(lambda session: self._keep(session, batch, twice, outcomes, failures))

    async def _keep(
        self,
        session: Session,
        batch: Sequence[tuple[Record, Entry]],
        twice: Mapping[int, int],
        outcomes: Sequence[Outcome],
        failures: Sequence[Failure],
    ) -> int:
        """Count what came of a batch, and keep what failed. Answers how many rows of the batch have."""
        found: list[Failure] = []
        applied = unchanged = 0
        fresh = [(record, entry) for record, entry in batch if record.line not in twice]
        for (record, entry), outcome in zip(fresh, outcomes, strict=True):
            if isinstance(outcome, Refused):
                found += self._failed_rows(record, entry, outcome)
            elif outcome.changed:
                applied += len(entry.lines)
            else:
                unchanged += len(entry.lines)
        for record, entry in batch:
            if record.line in twice:
                words = f"{entry.key.replace('|', ' ')} stands in line {twice[record.line]} of this file already"
                found += self._failed_rows(record, entry, Refused("", "TWICE_IN_FILE", words))
        await jobs.add_failures(session, self._id, [*failures, *found])
        failed = len(failures) + len(found)
        counts = Counts(rows=applied + unchanged + failed, applied=applied, unchanged=unchanged, failed=failed)
        await jobs.progress(session, self._id, counts, self._reader.bytes_read)
        return len(found)

    def _failed_rows(self, record: Record, entry: Entry, refused: Refused) -> list[Failure]:
        column = self._header.column(refused.field) if self._header and refused.field else refused.field
        return [Failure(each.line, each.cells, column, refused.code, refused.message) for each in self._records(record, entry)]

    async def _name(self, session: Session, batch: Sequence[tuple[Record, Entry]]) -> dict[int, int]:
        """Lines whose entity was named before in this file, each with the line that did."""
        first: dict[str, int] = {}
        twice: dict[int, int] = {}
        for record, entry in batch:
            if entry.key in first:
                twice[record.line] = first[entry.key]
            else:
                first[entry.key] = record.line
        before = await jobs.name(session, self._id, first) if first else {}
        return twice | {first[key]: line for key, line in before.items() if line != first[key]}

    async def _close_rest(self) -> list[str]:
        """Of a snapshot: what it has not named ends. Not when rows failed: what they would have named is not known."""
        kind = self.asked.kind
        if self.asked.mode != "snapshot" or not kind.ends_the_rest or self.job is None:
            return []
        if self._failed:
            return [
                f"nothing was set to zero, closed or retired, because {self._failed} rows failed: correct them and send all of it again"
            ]
        if not self._rows:
            raise FileUnreadable("a snapshot without rows would close everything: send at least one row")
        if kind.carry_rest is not None:
            carried = await kind.carry_rest(self.job)
            await self._again(lambda session: self._count_closed(session, carried))
            kept = list(carried.kept)
        else:
            assert kind.close_rest is not None  # noqa: S101 -- one of the two ends the rest
            kept = await self._close_by_pieces(self.job, kind.close_rest)
        surplus = [f"and {len(kept) - MOST_KEPT} more stay"] if len(kept) > MOST_KEPT else []
        return kept[:MOST_KEPT] + surplus

    async def _close_by_pieces(self, job: Job, close_rest: CloseRest) -> list[str]:
        """End what is left, a piece in each transaction. Answers what stays, and why."""
        kept: list[str] = []
        after: str | None = ""
        while after is not None:
            behind = after

            async def closing(session: Session, behind: str = behind) -> Rest:
                rest = await close_rest(session, job, behind)
                await self._count_closed(session, rest)
                return rest

            rest = await self._again(closing)
            kept += rest.kept
            after = rest.after
            self.wake()
        return kept

    async def _count_closed(self, session: Session, rest: Rest) -> Rest:
        await jobs.progress(session, self._id, Counts(closed=rest.closed), self._reader.bytes_read)
        return rest

    async def _again(self, work: Callable[[Session], Awaitable[Rest]]) -> Rest:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self.database.run(work)
            except Exception as error:
                if not _passes(error) or time.monotonic() > until:
                    raise
            await asyncio.sleep(_FIRST_PAUSE_SECONDS)

    @property
    def _id(self) -> str:
        assert self.job is not None  # noqa: S101 -- begun before anything is read
        return self.job.id

    async def _finish(self, status: jobs.Status, detail: str | None, warnings: Sequence[str] = ()) -> None:
        async with self.database.transaction() as session:
            await jobs.finish(session, self._id, status, detail, self._reader.bytes_read, warnings)

    async def _job(self) -> JobRow:
        async with self.database.read() as session:
            found = await jobs.find_job(session, self._id)
        assert found is not None  # noqa: S101 -- jobs are kept for months
        return found

    async def _end(self, status: jobs.Status, detail: str) -> Problem:
        """The refusal of a file that did not come to its end; what was applied stands."""
        await self._finish(status, detail)
        found = await self._job()
        counts = {name: getattr(found, name) for name in ("id", "rows", "applied", "unchanged", "failed", "status")}
        if status == "failed":
            problem = unprocessable("FILE_UNREADABLE", detail, [FieldError("", "file", detail)])
        else:
            problem = unavailable("IMPORT_INTERRUPTED", f"{detail}; what was applied stands: send the same file again.", retry_after=2)
        problem.extra["import"] = counts
        return problem


def _passes(error: Exception) -> bool:
    """Whether the same may succeed in a moment: the database is away or busy, or a door of the service is."""
    return as_problem(error) is not None or (isinstance(error, Problem) and error.retryable)

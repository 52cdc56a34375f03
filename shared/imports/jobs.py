"""What is remembered of an import: how far it is, which rows failed and why, and which entities it has named."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Row, text

from shared.database import Database, Session
from shared.migrations import Ddl

Status = Literal["running", "done", "failed", "interrupted"]
KEEP_DAYS = 90
SILENT_SECONDS = 180
"""A job that is said to run and has not been heard of for so long has lost its process."""
ERRORS_PAGE = 1000

_COLUMNS = f"""id, kind, mode, site, file_name, caller, rows, applied, unchanged, failed, closed, bytes, columns, delimiter, bom,
    warnings, detail, started_at, progressed_at, finished_at,
    CASE WHEN status = 'running' AND progressed_at < clock_timestamp() - interval '{SILENT_SECONDS} seconds'
         THEN 'interrupted' ELSE status END AS status"""
_FORGET = text(f"""
    DELETE FROM import_job WHERE id IN (
        SELECT id FROM import_job WHERE started_at < clock_timestamp() - interval '{KEEP_DAYS} days' ORDER BY started_at LIMIT 3)
""")
_FORGET_NAMED = text("""
    DELETE FROM import_named AS n USING import_job AS j
     WHERE n.job = j.id AND (j.status <> 'running' OR j.progressed_at < clock_timestamp() - interval '1 day')
""")
_ADD = text("""
    INSERT INTO import_job (id, kind, mode, site, file_name, caller) VALUES (:id, :kind, :mode, :site, :file_name, :caller)
    RETURNING started_at
""")
_COUNT = text("""
    UPDATE import_job
       SET rows = rows + :rows, applied = applied + :applied, unchanged = unchanged + :unchanged, failed = failed + :failed,
           closed = closed + :closed, bytes = :bytes, progressed_at = clock_timestamp()
     WHERE id = :id
""")
_DESCRIBE = text("""
    UPDATE import_job SET columns = CAST(:columns AS jsonb), delimiter = :delimiter, bom = :bom, warnings = CAST(:warnings AS jsonb),
           progressed_at = clock_timestamp()
     WHERE id = :id
""")
_FINISH = text("""
    UPDATE import_job SET status = :status, detail = :detail, bytes = :bytes, warnings = warnings || CAST(:warnings AS jsonb),
           progressed_at = clock_timestamp(), finished_at = clock_timestamp()
     WHERE id = :id
""")
_UNNAME = text("DELETE FROM import_named WHERE job = :id")
_NAME = text("""
    INSERT INTO import_named (job, key, line)
    SELECT :job, key, line FROM unnest(CAST(:keys AS text[]), CAST(:lines AS bigint[])) AS r (key, line)
        ON CONFLICT (job, key) DO NOTHING
    RETURNING key
""")
_NAMED = text("SELECT key, line FROM import_named WHERE job = :job AND key = ANY(CAST(:keys AS text[]))")
_FAIL = text("""
    INSERT INTO import_error (job, line, cells, field, code, error)
    SELECT :job, line, cells, field, code, error
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (line bigint, cells jsonb, field text, code text, error text)
        ON CONFLICT DO NOTHING
""")
_ERRORS = text("SELECT line, cells, field, code, error FROM import_error WHERE job = :job AND line > :after ORDER BY line LIMIT :limit")


@dataclass(frozen=True, slots=True)
class JobRow:
    """An import as it stands."""

    id: str
    kind: str
    mode: str
    site: str | None
    file_name: str | None
    caller: str
    status: Status
    rows: int
    applied: int
    unchanged: int
    failed: int
    closed: int
    bytes: int
    columns: list[str]
    delimiter: str
    bom: bool
    warnings: list[str]
    detail: str | None
    started_at: datetime
    progressed_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that was not taken, as it stood in the file."""

    line: int
    cells: list[str]
    field: str
    code: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one batch adds to a job."""

    rows: int = 0
    applied: int = 0
    unchanged: int = 0
    failed: int = 0
    closed: int = 0


async def begin(session: Session, job: str, kind: str, mode: str, site: str | None, file_name: str | None, caller: str) -> datetime:
    """Make the job; forget a few that are too old. Answers when it began, by the database's clock."""
    await session.execute(_FORGET)
    await session.execute(_FORGET_NAMED)
    values = {"id": job, "kind": kind, "mode": mode, "site": site, "file_name": file_name, "caller": caller}
    began: datetime = (await session.execute(_ADD, values)).scalar_one()
    return began


async def describe(session: Session, job: str, columns: Sequence[str], delimiter: str, warnings: Sequence[str], *, bom: bool) -> None:
    """Keep how the file is written, so that failed rows go back in the same way."""
    values = {
        "columns": _json([_kept(each) for each in columns]),
        "warnings": _json([_kept(each) for each in warnings]),
        "delimiter": delimiter,
        "bom": bom,
    }
    await session.execute(_DESCRIBE, {"id": job, **values})


async def progress(session: Session, job: str, counts: Counts, bytes_read: int) -> None:
    """Count a batch, in the transaction that applies it."""
    await session.execute(
        _COUNT,
        {
            "id": job,
            "rows": counts.rows,
            "applied": counts.applied,
            "unchanged": counts.unchanged,
            "failed": counts.failed,
            "closed": counts.closed,
            "bytes": bytes_read,
        },
    )


async def finish(session: Session, job: str, status: Status, detail: str | None, bytes_read: int, warnings: Sequence[str] = ()) -> None:
    """The job has ended, one way or another."""
    values = {
        "id": job,
        "status": status,
        "detail": detail and _kept(detail),
        "bytes": bytes_read,
        "warnings": _json([_kept(each) for each in warnings]),
    }
    await session.execute(_FINISH, values)
    await session.execute(_UNNAME, {"id": job})


async def name(session: Session, job: str, keys: Mapping[str, int]) -> dict[str, int]:
    """Note that the job names these entities, each with its line. Answers those that it had named before, with that line."""
    ordered = sorted(keys)
    found = await session.execute(_NAME, {"job": job, "keys": ordered, "lines": [keys[key] for key in ordered]})
    new = {row.key for row in found.all()}
    if len(new) == len(ordered):
        return {}
    again = [key for key in ordered if key not in new]
    return {row.key: row.line for row in (await session.execute(_NAMED, {"job": job, "keys": again})).all()}


async def add_failures(session: Session, job: str, failures: Sequence[Failure]) -> None:
    """Keep rows that were not taken."""
    if failures:
        rows = [
            {
                "line": one.line,
                "cells": [_kept(cell) for cell in one.cells],
                "field": one.field,
                "code": one.code,
                "error": _kept(one.error),
            }
            for one in failures
        ]
        await session.execute(_FAIL, {"job": job, "rows": _json(rows)})


async def list_failures(database: Database, job: str) -> AsyncIterator[list[Failure]]:
    """The failed rows in the order of the file, page by page."""
    after = 0
    while True:
        async with database.read() as session:
            rows = (await session.execute(_ERRORS, {"job": job, "after": after, "limit": ERRORS_PAGE})).all()
        if not rows:
            return
        yield [Failure(row.line, row.cells, row.field, row.code, row.error) for row in rows]
        after = rows[-1].line


async def find_job(session: Session, job: str) -> JobRow | None:
    """The job, if there is one."""
    row = (await session.execute(text(f"SELECT {_COLUMNS} FROM import_job WHERE id = :id"), {"id": job})).one_or_none()
    return None if row is None else _job(row)


async def list_jobs(session: Session, *, before: str | None, limit: int, kind: str | None = None) -> list[JobRow]:
    """Jobs, the newest first, from before the id given."""
    conditions = " AND ".join(["true", *(["id < :before"] if before else []), *(["kind = :kind"] if kind else [])])
    values = {"before": before, "kind": kind, "limit": limit}
    found = await session.execute(
        text(f"SELECT {_COLUMNS} FROM import_job WHERE {conditions} ORDER BY id DESC LIMIT :limit"),
        {name: value for name, value in values.items() if value is not None},
    )
    return [_job(row) for row in found.all()]


def _job(row: Row[Any]) -> JobRow:
    return JobRow(**{name: getattr(row, name) for name in JobRow.__dataclass_fields__})


def _kept(words: str) -> str:
    """As the database can keep it."""
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def create_tables(op: Ddl) -> None:
    """What imports remember, for a migration of every service that takes files."""
    op.execute("""
        CREATE TABLE import_job (
            id            text COLLATE "C" PRIMARY KEY,
            kind          text NOT NULL,
            mode          text NOT NULL,
            site          text,
            file_name     text,
            caller        text NOT NULL,
            status        text NOT NULL DEFAULT 'running',
            rows          bigint NOT NULL DEFAULT 0,
            applied       bigint NOT NULL DEFAULT 0,
            unchanged     bigint NOT NULL DEFAULT 0,
            failed        bigint NOT NULL DEFAULT 0,
            closed        bigint NOT NULL DEFAULT 0,
            bytes         bigint NOT NULL DEFAULT 0,
            columns       jsonb NOT NULL DEFAULT '[]',
            delimiter     text NOT NULL DEFAULT ',',
            bom           boolean NOT NULL DEFAULT false,
            warnings      jsonb NOT NULL DEFAULT '[]',
            detail        text,
            started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
            progressed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            finished_at   timestamptz
        )""")
    op.execute("CREATE INDEX import_job_started_at ON import_job (started_at)")
    op.execute("""
        CREATE TABLE import_error (
            job   text COLLATE "C" NOT NULL REFERENCES import_job (id) ON DELETE CASCADE,
            line  bigint NOT NULL,
            cells jsonb NOT NULL,
            field text NOT NULL,
            code  text NOT NULL,
            error text NOT NULL,
            PRIMARY KEY (job, line)
        )""")
    op.execute("""
        CREATE TABLE import_named (
            job  text COLLATE "C" NOT NULL,
            key  text COLLATE "C" NOT NULL,
            line bigint NOT NULL,
            PRIMARY KEY (job, key)
        )""")

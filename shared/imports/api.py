"""The calls of imports: send a file, see how far it is, fetch the rows that failed."""

import asyncio
import contextlib
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from shared.access import Caller, Scope, caller_with
from shared.contracts.base import Instant
from shared.database import Database
from shared.imports import jobs
from shared.imports.jobs import JobRow, Status
from shared.imports.kinds import ERROR_COLUMNS, Kind
from shared.imports.running import Asked, Interrupted, Mode, Run
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import FieldError, Problem, not_found, unavailable, unprocessable
from shared.quantities import Code

PATH = "/v1/imports"
"""Its bodies are streamed: name it to `service.build(streams=...)`."""
MAX_BYTES = 1_000_000_000
SILENT_SECONDS = 60.0
"""A sender that says nothing for so long has gone."""
AT_ONCE = 4
"""Imports that one process works on; more are asked to come back."""
_FILE = "text/csv"
_NOT_CSV = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded", "application/zip", "application/gzip")


class Import(BaseModel):
    """An import as it stands. `rows = applied + unchanged + failed`."""

    id: str
    kind: str
    mode: str
    site: str | None
    file_name: str | None
    status: Status
    """`interrupted`: the file did not come to its end; what was applied stands, and the same file again does the rest."""
    rows: int
    applied: int
    unchanged: int
    failed: int
    closed: int
    """Of a snapshot: what was not named and had to be set to zero, closed or retired."""
    bytes: int
    warnings: list[str]
    detail: str | None
    errors_url: str | None
    """The failed rows, as CSV, when there are any."""
    caller: str
    started_at: Instant
    finished_at: Instant | None


_EXAMPLE = {
    "id": "imp_01J", "kind": "stock", "mode": "delta", "site": None, "file_name": "stock.csv", "status": "done", "rows": 3, "applied": 2,
    "unchanged": 0, "failed": 1, "closed": 0, "bytes": 96, "warnings": ["unknown columns are passed over: bin"], "detail": None,
    "errors_url": "/v1/imports/imp_01J/errors.csv", "caller": "wms", "started_at": "2026-11-21T10:42:07Z",
    "finished_at": "2026-11-21T10:42:08Z",
}  # fmt: skip


async def _nothing_more(_request: Request, _job: JobRow) -> None:
    """What was applied is all there is to do."""


def _no_house(_request: Request) -> None:
    """Files go into the database alone."""


def router(
    kinds: Mapping[str, Kind],
    scope: Scope,
    wake: Callable[[Request], None],
    example: str,
    done: Callable[[Request, JobRow], Awaitable[None]] = _nothing_more,
    house: Callable[[Request], Any] = _no_house,
) -> APIRouter:
    """The calls, for the kinds of one service.

    `wake` is called when something was applied, `done` before the answer leaves; `house` says how kinds that go through a door of the
    service reach it; `example` is a small file.
    """
    routes = APIRouter(prefix="/v1")
    places = asyncio.Semaphore(AT_ONCE)
    writer, reader = Depends(caller_with(scope)), Depends(caller_with(Scope.QUOTE_READ))
    body = {"required": True, "content": {_FILE: {"schema": {"type": "string", "format": "binary"}, "example": example}}}
    names = sorted(kinds)

    @routes.post("/imports", responses=_answers(_EXAMPLE), openapi_extra={"requestBody": body})
    async def post_import(
        request: Request,
        caller: Annotated[Caller, writer],
        kind: Annotated[str, Query(json_schema_extra={"enum": names}, description="What the rows are.")],
        mode: Annotated[
            Mode, Query(description="delta: only what is named is set. snapshot: what is not named is set to zero, closed or retired.")
        ] = "delta",
        site: Annotated[Code | None, Query(description="Every row is of this site, and a snapshot closes nothing elsewhere.")] = None,
        file_name: Annotated[
            str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", description="For people who look for it later.")
        ] = None,
    ) -> Import:
        """Import a CSV file: comma, semicolon or tab, UTF-8, the first line names the columns. Answers when the last row is applied.

        Rows that fail do not hold up the others; they come back as the same CSV with two columns more. The same file twice
        changes nothing the second time. What was applied before an interruption stands: send the same file again.
        """
        found = _wanted(kinds, kind, mode, site)
        _check_headers(request)
        if places.locked():
            raise unavailable("IMPORTS_BUSY", f"{AT_ONCE} imports are running already; try again when one has ended.", retry_after=5)
        async with places:
            database: Database = request.app.state.database
            run = Run(database, Asked(found, mode, site, file_name, caller.id, house(request)), lambda: wake(request))
            finished = await run.go(_pieces(request))
        await done(request, finished)
        return _view(finished)

    @routes.get("/imports", dependencies=[reader], responses=_answers({"data": [_EXAMPLE], "next_cursor": None}))
    async def list_imports(
        request: Request,
        kind: Annotated[Code | None, Query()] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[Import]:
        """List imports, the newest first."""
        before = str(decode_cursor(cursor, str)[0] or "") if cursor else None
        database: Database = request.app.state.database
        async with database.read() as session:
            rows = await jobs.list_jobs(session, before=before, limit=limit + 1, kind=kind)
        more = encode_cursor([rows[limit - 1].id]) if len(rows) > limit else None
        return Page(data=[_view(row) for row in rows[:limit]], next_cursor=more)

    @routes.get("/imports/{import_id}", dependencies=[reader], responses=_answers(_EXAMPLE))
    async def get_import(request: Request, import_id: Annotated[Code, Path()]) -> Import:
        """Read how far an import is."""
        return _view(await _find(request, import_id))

    @routes.get(
        "/imports/{import_id}/errors.csv",
        dependencies=[reader],
        response_class=StreamingResponse,
        responses={200: {"content": {_FILE: {"schema": {"type": "string"}, "example": "site,sku,on_hand,error_field,error\n"}}}},
    )
    async def get_import_errors(request: Request, import_id: Annotated[Code, Path()]) -> StreamingResponse:
        """Fetch the failed rows as they were sent, with `error_field` and `error` added: correct them and send the file again."""
        job = await _find(request, import_id)
        database: Database = request.app.state.database
        return StreamingResponse(
            _errors(database, job),
            media_type=f"{_FILE}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{job.kind}-errors.csv"'},
        )

    return routes


def _answers(example: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": example}}}}


def _wanted(kinds: Mapping[str, Kind], kind: str, mode: Mode, site: str | None) -> Kind:
    found = kinds.get(kind.replace("-", "_"))
    if found is None:
        message = f"there are {', '.join(sorted(kinds))} here"
        raise unprocessable("UNKNOWN_KIND", f"No file of {kind!r}: {message}.", [FieldError("/kind", "kind", message)])
    if mode == "snapshot" and not found.ends_the_rest:
        closable = ", ".join(sorted(name for name, each in kinds.items() if each.ends_the_rest)) or "nothing here"
        message = f"a snapshot of {kind} {found.no_snapshot}; send it with mode=delta (snapshots: {closable})"
        raise unprocessable("NO_SNAPSHOT", f"{message}.", [FieldError("/mode", "mode", message)])
    if site is not None and found.site_field is None:
        message = f"{kind} belong to no site"
        raise unprocessable("NO_SITE", f"{message}.", [FieldError("/site", "site", message)])
    return found


def _check_headers(request: Request) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given in _NOT_CSV:
        message = f"send the file itself as the body, as text/csv, not as {given}"
        raise unprocessable("NOT_CSV", f"{message}.", [FieldError("/content-type", "content_type", message)])
    if request.headers.get("content-encoding", "identity") != "identity":
        message = "send the file as it is, not compressed"
        raise unprocessable("NOT_CSV", f"{message}.", [FieldError("/content-encoding", "content_encoding", message)])
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:18]) > MAX_BYTES:
        raise _too_large()


def _too_large() -> Problem:
    return Problem(413, "BODY_TOO_LARGE", "A file has at most 1 GB: cut it into several.", headers={"Connection": "close"})


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises Interrupted when the sender goes, or we have to."""
    stopping: asyncio.Event = request.app.state.stopping
    stream = aiter(request.stream())
    size = 0
    while True:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                piece = await _next_or_stop(stream, stopping)
        except StopAsyncIteration:
            return
        except ClientDisconnect as error:
            raise Interrupted("the sender hung up") from error
        except TimeoutError as error:
            raise Interrupted(f"nothing came for {SILENT_SECONDS:g} seconds") from error
        size += len(piece)
        if size > MAX_BYTES:
            raise _too_large()
        yield piece


async def _next_or_stop(stream: AsyncIterator[bytes], stopping: asyncio.Event) -> bytes:
    if stopping.is_set():
        raise Interrupted("the service stops")
    piece = asyncio.ensure_future(anext(stream))
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({piece, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not piece.done():
            raise Interrupted("the service stops")
        return piece.result()
    finally:
        stop.cancel()
        if not piece.done():
            piece.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await piece


async def _find(request: Request, import_id: str) -> JobRow:
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await jobs.find_job(session, import_id)
    if found is None:
        raise not_found("UNKNOWN_IMPORT", f"There is no import {import_id!r}; they are kept for {jobs.KEEP_DAYS} days.")
    return found


async def _errors(database: Database, job: JobRow) -> AsyncIterator[bytes]:
    """The failed rows, written as the file was."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=job.delimiter, lineterminator="\r\n")
    own = [place for place, name in enumerate(job.columns) if name.strip().lower() not in ERROR_COLUMNS]

    def taken() -> bytes:
        said = written.getvalue().encode()
        written.seek(0)
        written.truncate()
        return said

    writer.writerow([*(job.columns[place] for place in own), *ERROR_COLUMNS])
    yield (b"\xef\xbb\xbf" if job.bom else b"") + taken()
    async for page in jobs.list_failures(database, job.id):
        for failure in page:
            cells = failure.cells
            surplus = cells[len(job.columns) :]
            writer.writerow([*(cells[at] if at < len(cells) else "" for at in own), failure.field, failure.error, *surplus])
        yield taken()


def _view(row: JobRow) -> Import:
    return Import(
        **{name: getattr(row, name) for name in Import.model_fields if name != "errors_url"},
        errors_url=f"{PATH}/{row.id}/errors.csv" if row.failed else None,
    )

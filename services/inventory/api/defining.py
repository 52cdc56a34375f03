"""The three calls that every kind of master data has, whatever its fields."""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Request

from services.inventory import store
from services.inventory.api.fields import View
from services.inventory.api.reach import change, refusal
from services.inventory.asks import MasterBody
from services.inventory.handlers.define import Defined, define
from shared.database import Database
from shared.paging import Page, decode_cursor, encode_cursor
from shared.problems import not_found

V = TypeVar("V", bound=View)


async def put(request: Request, kind: str, identity: str, body: MasterBody, view: type[V]) -> V:
    """Define it as a whole and answer how it stands."""
    wanted = body.definition()
    if wanted.get("name", "") is None:
        wanted["name"] = identity
    outcome = await change(request, lambda session: define(session, kind, identity, wanted, body.expected_revision))
    if (problem := refusal(outcome)) is not None:
        raise problem
    assert isinstance(outcome, Defined)  # noqa: S101 -- the refusals are dealt with
    return _view(outcome.definition, view)


async def get(request: Request, kind: str, identity: str, view: type[V]) -> V:
    """Answer how it stands, or 404."""
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await store.find_definition(session, kind, identity)
    if found is None:
        raise not_found(f"UNKNOWN_{kind.upper().replace('-', '_')}", f"There is no {kind} {identity!r}.")
    return _view(found, view)


async def page(request: Request, kind: str, view: type[V], cursor: str | None, limit: int, like: Mapping[str, Any]) -> Page[V]:
    """Answer a page of those whose fields equal what is given in `like`, in order of their ids."""
    after = str(decode_cursor(cursor, str)[0] or "") if cursor else ""
    filters = {name: value for name, value in like.items() if value is not None}
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await store.list_definitions(session, kind, after=after, limit=limit + 1, like=filters)
    more = encode_cursor([rows[limit - 1].id]) if len(rows) > limit else None
    return Page(data=[_view(row, view) for row in rows[:limit]], next_cursor=more)


def _view(definition: store.Definition, view: type[V]) -> V:
    own = {"item": "sku"}.get(definition.kind, definition.kind.replace("-", "_"))
    return view.model_validate(
        {
            **definition.body,
            own: definition.id,
            "revision": definition.revision,
            "created_at": definition.created_at,
            "updated_at": definition.updated_at,
        }
    )

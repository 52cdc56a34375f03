"""The three calls that every kind of definition has, whatever its fields."""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Request

from services.capacity import store
from services.capacity.api.reach import View, behind, refusal, unknown
from services.capacity.handlers.say import Defined
from shared.database import Database
from shared.paging import Page, encode_cursor

V = TypeVar("V", bound=View)
_OWN = {"bom": "sku", "routing": "sku"}


def answer(outcome: object, view: type[V]) -> V:
    """How it stands after a definition; raises the problem when it was refused."""
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
        raise unknown(kind, identity)
    return _view(found, view)


async def page(request: Request, kind: str, view: type[V], cursor: str | None, limit: int, like: Mapping[str, Any]) -> Page[V]:
    """Answer a page of those whose bodies hold what is given in `like`, in order of their ids."""
    after = behind(cursor)
    filters = {name: value for name, value in like.items() if value is not None}
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await store.list_definitions(session, kind, after=after, limit=limit + 1, like=filters)
    more = encode_cursor([rows[limit - 1].id]) if len(rows) > limit else None
    return Page(data=[_view(row, view) for row in rows[:limit]], next_cursor=more)


def _view(definition: store.Definition, view: type[V]) -> V:
    return view.model_validate(
        {
            **definition.body,
            _OWN.get(definition.kind, definition.kind): definition.id,
            "revision": definition.revision,
            "created_at": definition.created_at,
            "updated_at": definition.updated_at,
        }
    )

"""Operations: who does them, told once by the operation's name for every routing in which it stands."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request

from services.capacity.api import defining
from services.capacity.api.reach import CodeFilter, Reader, View, Writer, answers, change
from services.capacity.asks.operations import OperationDefinition
from services.capacity.handlers.operations import define_operation
from shared.contracts.capacity import Requirement
from shared.paging import Cursor, Limit, Page
from shared.quantities import Code

router = APIRouter(prefix="/v1")

OperationName = Annotated[Code, Path(description="The name of the operation, as routings have it.")]


class Operation(View):
    """Who does an operation."""

    operation: str
    resources: tuple[Requirement, ...]
    alternates: tuple[tuple[Requirement, ...], ...] = ()


_BODY = {"resources": [{"resource": "SAW"}, {"group": "OPERATORS", "skill": "SAWING-SKILL"}]}
_OPERATION = {
    "operation": "Saw chair leg", "resources": [{"resource": "SAW", "group": None, "skill": None},
                                                {"resource": None, "group": "OPERATORS", "skill": "SAWING-SKILL"}],
    "alternates": [], "external_id": None, "source_system": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.put("/operations/{operation:path}", responses=answers(_OPERATION))
async def put_operation(
    request: Request, caller: Writer, operation: OperationName, body: Annotated[OperationDefinition, Body(examples=[_BODY])]
) -> Operation:
    """Define who does an operation: every routing in which it stands is told anew, and routings from files may leave it out."""
    return defining.answer(await change(request, lambda session: define_operation(session, operation, body)), Operation)


@router.get("/operations/{operation:path}", responses=answers(_OPERATION))
async def get_operation(request: Request, caller: Reader, operation: OperationName) -> Operation:
    """Read who does an operation."""
    return await defining.get(request, "operation", operation, Operation)


@router.get("/operations", responses=answers({"data": [_OPERATION], "next_cursor": None}))
async def list_operations(
    request: Request, caller: Reader, resource: CodeFilter = None, group: CodeFilter = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Operation]:
    """List operations by name; those on a resource or a group (alternates aside)."""
    wanted = [{name: value} for name, value in (("resource", resource), ("group", group)) if value is not None]
    return await defining.page(request, "operation", Operation, cursor, limit, {"resources": wanted or None})

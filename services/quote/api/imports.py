"""Files: master data of promising as CSV, read with the bodies of the calls.

A further kind is one more entry of `KINDS`: the body of its call with its id as a field, and the kind under which quote keeps it.
Policies and allocations go through the doors of their calls (`carry`), for those lock books and let promises be looked at.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request

from services.quote.api.reach import house
from services.quote.asks.masterdata import AllocationFile, AllocationRow, ClassSet, CustomerSet, PolicyRow
from services.quote.handlers.allocations import KIND as ALLOCATION
from services.quote.handlers.allocations import count_anew
from services.quote.handlers.classes import KIND as CLASS
from services.quote.handlers.customers import KIND as CUSTOMER
from services.quote.handlers.files import Ways, carry_allocations, carry_policies, close_other_allocations, retire_other_policies
from services.quote.handlers.masters import (
    Check,
    Users,
    check_class_of_customers,
    check_parents_of_classes,
    find_users_of_classes,
    nothing_to_check,
    retire_rest,
    take_definitions,
    used_by_nobody,
)
from services.quote.handlers.policies import KIND as POLICY
from shared.access import Scope
from shared.database import Session
from shared.imports import Entry, Job, Kind, Rest
from shared.imports.api import router as import_router
from shared.imports.jobs import JobRow
from shared.imports.kinds import LIST_SEPARATOR, Row
from shared.outcomes import Outcome
from shared.quantities import RequestModel


def master(
    name: str,
    model: type[RequestModel],
    kind: str,
    aliases: Mapping[str, str] | None = None,
    check: Check = nothing_to_check,
    users: Users = used_by_nobody,
) -> Kind:
    """A kind of file whose rows are definitions that are kept under `kind`, which is also the field that holds the id."""

    async def apply(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
        told = [(entry.key, entry.body.model_dump(mode="json", exclude={"expected_revision", kind})) for entry in entries]
        return await take_definitions(session, kind, told, entries[0].named if entries else frozenset(), check)

    async def close_rest(session: Session, job: Job, after: str) -> Rest:
        return await retire_rest(session, kind, job.id, after, users)

    return Kind(name, model, (kind,), apply, aliases={"id": kind, **(aliases or {})}, close_rest=close_rest)


async def _policies(entries: Sequence[Entry], job: Job) -> list[Outcome]:
    told = [entry.body for entry in entries if isinstance(entry.body, PolicyRow)]
    return await carry_policies(job.house, told, entries[0].named)


async def _allocations(entries: Sequence[Entry], job: Job) -> list[Outcome]:
    told = [(entry.key, entry.body.rows) for entry in entries if isinstance(entry.body, AllocationFile)]
    return await carry_allocations(job.house, told, job.caller)


async def _other_policies(job: Job) -> Rest:
    return await retire_other_policies(job.house, job)


async def _other_allocations(job: Job) -> Rest:
    return await close_other_allocations(job.house, job)


def _rows_of_one(rows: Sequence[Row]) -> dict[str, Any]:
    """Each row is all of an allocation, or one period of it."""
    return {"rows": [{**row, **({"sites": _sites(row["sites"])} if "sites" in row else {})} for row in rows]}


def _sites(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(LIST_SEPARATOR) if part.strip()]


KINDS: dict[str, Kind] = {
    "classes": master(
        "classes",
        ClassSet,
        CLASS,
        {"class": CLASS},
        check_parents_of_classes,
        find_users_of_classes,
    ),
    "customers": master(
        "customers", CustomerSet, CUSTOMER, {"receiving_calendar": "calendar", "class": "demand_class"}, check_class_of_customers
    ),
    "policies": Kind(
        "policies",
        PolicyRow,
        (POLICY,),
        None,
        aliases={"id": POLICY, "item": "sku", "location": "site"},
        carry=_policies,
        carry_rest=_other_policies,
    ),
    "allocations": Kind(
        "allocations",
        AllocationFile,
        (ALLOCATION,),
        None,
        aliases={"id": ALLOCATION, "class": "demand_class", "type": "kind", "item": "sku", "site": "sites", "location": "sites"},
        group=_rows_of_one,
        row_fields=frozenset(AllocationRow.model_fields),
        required=frozenset({"kind", "demand_class", "sku", "quantity"}),
        carry=_allocations,
        carry_rest=_other_allocations,
    ),
}


def _wake(_request: Request) -> None:
    """Nobody else is told of these."""


def _ways(request: Request) -> Ways:
    here = house(request)
    return Ways(here.pool, here.board, here.door)


async def _read_again(request: Request, job: JobRow) -> None:
    """What was taken answers the next call already; where classes may lie elsewhere, what was taken by whom is counted anew."""
    here = house(request)
    await here.board.look(here.pool)
    if job.kind == "classes" and here.board.world.has_allocations:
        await count_anew(here.pool, here.board, here.door, job.caller)


router = import_router(
    KINDS,
    Scope.ADMIN,
    _wake,
    "customer,name,calendar\nACME,Acme Ltd,WORKING-DAYS\nNORDRAD,Nordrad GmbH,\n",
    done=_read_again,
    house=_ways,
)

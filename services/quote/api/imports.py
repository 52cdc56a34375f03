"""Files: master data of promising as CSV, read with the bodies of the calls.

A further kind is one more entry of `KINDS`: the body of its call with its id as a field, and the kind under which quote keeps it.
"""

from collections.abc import Mapping, Sequence

from fastapi import Request

from services.quote.api.reach import house
from services.quote.asks import ClassSet, CustomerSet
from services.quote.handlers.classes import KIND as CLASS
from services.quote.handlers.customers import KIND as CUSTOMER
from services.quote.handlers.masters import (
    Check,
    check_class_of_customers,
    check_parents_of_classes,
    nothing_to_check,
    retire_rest,
    take_definitions,
)
from shared.access import Scope
from shared.database import Session
from shared.imports import Entry, Job, Kind, Rest
from shared.imports.api import router as import_router
from shared.outcomes import Outcome
from shared.quantities import RequestModel


def master(
    name: str,
    model: type[RequestModel],
    kind: str,
    aliases: Mapping[str, str] | None = None,
    check: Check = nothing_to_check,
    no_snapshot: str = "",
) -> Kind:
    """A kind of file whose rows are definitions that are kept under `kind`, which is also the field that holds the id."""

    async def apply(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
        told = [(entry.key, entry.body.model_dump(mode="json", exclude={"expected_revision", kind})) for entry in entries]
        return await take_definitions(session, kind, told, entries[0].named if entries else frozenset(), check)

    async def close_rest(session: Session, job: Job, after: str) -> Rest:
        return await retire_rest(session, kind, job.id, after)

    retiring = None if no_snapshot else close_rest
    return Kind(name, model, (kind,), apply, aliases={"id": kind, **(aliases or {})}, close_rest=retiring, no_snapshot=no_snapshot)


KINDS: dict[str, Kind] = {
    "classes": master(
        "classes",
        ClassSet,
        CLASS,
        {"class": CLASS},
        check_parents_of_classes,
        "retires none: customers, orders and allocations belong to them",
    ),
    "customers": master(
        "customers", CustomerSet, CUSTOMER, {"receiving_calendar": "calendar", "class": "demand_class"}, check_class_of_customers
    ),
}


def _wake(_request: Request) -> None:
    """Nobody else is told of these."""


async def _read_again(request: Request) -> None:
    """What was taken answers the next call already."""
    here = house(request)
    await here.board.look(here.pool)


router = import_router(
    KINDS, Scope.ADMIN, _wake, "customer,name,calendar\nACME,Acme Ltd,WORKING-DAYS\nNORDRAD,Nordrad GmbH,\n", done=_read_again
)

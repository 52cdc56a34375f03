"""Master data that quote itself keeps, many of one kind in one transaction, as files bring it: each is taken or refused for itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from services.quote.domain.demandclass import MOST_LEVELS, circle_of, levels_with
from services.quote.handlers.classes import KIND as CLASS
from services.quote.store import masters
from services.quote.store.supply import Definition
from shared.database import Session
from shared.imports import Rest
from shared.outcomes import Outcome, Refused, Taken

Body = Mapping[str, Any]
Told = Sequence[tuple[str, Body]]
"""Ids with what is said of each."""
Check = Callable[[Session, Told], Awaitable[Mapping[str, Refused]]]
"""Which of them cannot be, and why. Whatever it locks is locked before the definitions themselves."""

Users = Callable[[Session, Sequence[str]], Awaitable[Mapping[str, str]]]
"""Of those of these that something still needs, the first that does."""

RETIRED_AT_ONCE = 300
USED_AT_ONCE = 100_000
"""Of kinds that lie inside one another: who stays can only be said of all of them together."""


async def used_by_nobody(_session: Session, _ids: Sequence[str]) -> Mapping[str, str]:
    """Nothing needs any of them."""
    return {}


async def nothing_to_check(_session: Session, _told: Told) -> Mapping[str, Refused]:
    """Each is right by itself."""
    return {}


async def check_class_of_customers(session: Session, told: Told) -> Mapping[str, Refused]:
    """A customer belongs to a class that is defined."""
    parents = await _parents(session) if any(body.get("demand_class") for _, body in told) else {}
    return {
        customer: _unknown_class("demand_class", name)
        for customer, body in told
        if (name := body.get("demand_class")) is not None and name not in parents
    }


async def check_parents_of_classes(session: Session, told: Told) -> Mapping[str, Refused]:
    """A class lies inside one that is defined, here or before, and never inside itself. Two who each define some come one after another."""
    await masters.lock_definitions(session, CLASS, ("",))
    parents = await _parents(session)
    waiting: dict[str, Body] = dict(told)
    refused: dict[str, Refused] = {}
    while ready := [name for name, body in waiting.items() if body.get("parent") in {None, name, *parents}]:
        for name in ready:
            parent = waiting.pop(name).get("parent")
            if parent is not None and (circle := circle_of(name, parent, parents)) is not None:
                refused[name] = Refused("parent", "class_inside_itself", f"{name} would lie inside itself: {' in '.join(circle)}")
            elif parent is not None and levels_with(name, parent, parents) > MOST_LEVELS:
                refused[name] = Refused("parent", "too_many_levels", f"classes lie inside one another over at most {MOST_LEVELS} levels")
            else:
                parents[name] = parent
    return refused | {name: _unknown_class("parent", str(body["parent"])) for name, body in waiting.items()}


async def _parents(session: Session) -> dict[str, str | None]:
    return {one.id: one.state.get("parent") for one in await masters.list_definitions(session, CLASS) if not one.state.get("retired")}


def _unknown_class(field: str, name: str) -> Refused:
    return Refused(field, "unknown_class", f"there is no class {name}: define it first")


async def take_definitions(
    session: Session, kind: str, told: Told, named: frozenset[str], check: Check = nothing_to_check
) -> list[Outcome]:
    """Define them by the fields that are named; of what stands already, the others stay as they are."""
    refused = await check(session, told)
    known = await masters.lock_definitions(session, kind, (identity for identity, _ in told))
    outcomes: list[Outcome] = []
    changed: dict[str, Definition] = {}
    for identity, body in told:
        if identity in refused:
            outcomes.append(refused[identity])
            continue
        before = known.get(identity)
        stands = before is not None and not before.state.get("retired")
        kept = {name: value for name, value in before.state.items() if name in body and name not in named} if before and stands else {}
        revision = 0 if before is None else before.revision
        state = {**body, **kept, kind: identity}
        if before is not None and stands and {**state, "revision": revision} == before.state:
            outcomes.append(Taken(changed=False))
            continue
        known[identity] = changed[identity] = Definition(kind, identity, revision + 1, {**state, "revision": revision + 1})
        outcomes.append(Taken())
    await masters.save_definitions(session, kind, list(changed.values()))
    await masters.add_due_of(session, kind, [name for name, one in changed.items() if one.revision > 1])
    return outcomes


async def find_users_of_classes(session: Session, ids: Sequence[str]) -> Mapping[str, str]:
    """A class stays while a customer, an allocation, an order or a hold is of it, or a class that stays lies inside it."""
    await masters.lock_definitions(session, CLASS, ("",))
    parents = await _parents(session)
    users = await masters.find_users_of_classes(session)
    going = set(ids)
    for name in sorted(parents):
        inner, outer = name, parents[name]
        while outer is not None and (inner in users or inner not in going):
            users.setdefault(outer, f"class {inner}")
            inner, outer = outer, parents.get(outer)
    return users


async def retire_rest(session: Session, kind: str, job: str, after: str, find_users: Users = used_by_nobody) -> Rest:
    """Retire some of what a snapshot has not named, and nothing that something needs."""
    at_once = RETIRED_AT_ONCE if find_users is used_by_nobody else USED_AT_ONCE
    left = await masters.list_left(session, kind, job, after, at_once)
    users = await find_users(session, left) if left else {}
    known = await masters.lock_definitions(session, kind, left) if left else {}
    retired = [
        Definition(kind, identity, one.revision + 1, {**one.state, "revision": one.revision + 1, "retired": True})
        for identity, one in known.items()
        if not one.state.get("retired") and identity not in users
    ]
    await masters.save_definitions(session, kind, retired)
    await masters.add_due_of(session, kind, [one.id for one in retired])
    kept = tuple(f"{kind.replace('_', ' ')} {each} stays because of {users[each]}" for each in left if each in users)
    return Rest(len(retired), left[-1] if len(left) == at_once else None, kept)

"""Book movements: stock, receipts and order lines together, one outcome each, one event for every position they change."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import orjson

from services.inventory import events, store
from services.inventory.domain.movement import Booked, Found, Movement, Refusal, book, effect_of, flaws
from services.inventory.domain.position import Key, instant_of, too_fine
from services.inventory.handlers.floor import Floor
from services.inventory.handlers.loading import load, settle
from shared.database import Session, db_now
from shared.outbox import Event

REUSED = "MOVEMENT_ID_REUSED"


@dataclass(frozen=True, slots=True)
class Asked:
    """A movement as it was sent, with the digest that recognises it when it is sent again."""

    movement: Movement
    digest: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one movement. A refusal is not stored: sent again, it is decided again."""

    movement_id: str
    outcome: Literal["booked", "refused"]
    body: dict[str, Any]
    replayed: bool = False

    def as_json(self) -> dict[str, Any]:
        """The result as callers see it."""
        return {"movement_id": self.movement_id, "outcome": self.outcome, "replayed": self.replayed, **self.body}


def asked_of(movement: Movement) -> Asked:
    """The movement with its digest."""
    written = orjson.dumps(asdict(movement), default=_plain, option=orjson.OPT_SORT_KEYS)
    return Asked(movement, hashlib.sha256(written).digest())


def _plain(value: object) -> str:
    """5, 5.0 and "5.000" are one quantity, so they are one body."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    raise TypeError(f"{type(value).__name__} is no part of a movement")


async def book_movements(session: Session, asked: Sequence[Asked], caller: str) -> list[Outcome]:
    """Book them in the order given. The same movement again gets its first outcome; one that is refused loses no other."""
    movements = [each.movement for each in asked if not flaws(each.movement)]
    decimals = await store.find_decimals(session, {movement.sku for movement in movements})
    floor = await load(
        session,
        {key for movement in movements for key in (movement.here, movement.there) if key},
        {movement.receipt_id for movement in movements if movement.receipt_id},
        {movement.line for movement in movements if movement.line},
    )
    now = await db_now(session)
    known = await store.find_movements(session, {movement.movement_id for movement in movements})
    outcomes: list[Outcome] = []
    rows: list[store.MovementRow] = []
    said: list[Event] = []
    for each in asked:
        movement = each.movement
        if earlier := known.get(movement.movement_id):
            outcomes.append(_again(movement, each.digest, earlier))
            continue
        if refused := _refused_at_sight(movement, decimals):
            outcomes.append(refused)
            continue
        occurred_at = instant_of(movement.occurred_at, now)
        booked = put(floor, movement, occurred_at)
        if isinstance(booked, Refusal):
            outcomes.append(_refused(movement, booked, "quantity", "the balance would have more than 9 digits before the point"))
            continue
        said += announce(floor, movement, booked.changed, occurred_at)
        outcome = Outcome(movement.movement_id, "booked", _answer(floor, movement, booked))
        outcomes.append(outcome)
        rows.append(store.MovementRow(movement, each.digest, caller, occurred_at, now, effect_of(movement), outcome.body))
        known[movement.movement_id] = store.Earlier(each.digest, outcome.body)
    await store.add_movements(session, rows)
    await settle(session, floor, said)
    return outcomes


@dataclass(frozen=True, slots=True)
class Put:
    """A movement that stands on the floor, and the positions that it changed, its own first."""

    booked: Booked
    changed: tuple[Key, ...]


def put(floor: Floor, movement: Movement, occurred_at: datetime) -> Put | Refusal:
    """Book one movement on the floor."""
    there = movement.there
    booked = book(
        movement,
        Found(
            here=floor.position(movement.here),
            there=None if there is None else floor.position(there),
            receipt=None if movement.receipt_id is None else floor.receipt(movement.receipt_id),
            shipped=None if movement.line is None else floor.shipped_for(movement.here, movement.line),
        ),
        occurred_at,
    )
    if isinstance(booked, Refusal):
        return booked
    concerned = set() if booked.receipt is None else set(floor.put_receipt(booked.receipt))
    floor.put_position(booked.here)
    if booked.there is not None:
        floor.put_position(booked.there)
    if booked.shipped is not None:
        floor.put_shipped(movement.here, booked.shipped)
    first = (movement.here,) if there is None else (movement.here, there)
    changed = (*first, *sorted(concerned.difference(first)))
    floor.advance(changed)
    return Put(booked, changed)


def announce(floor: Floor, movement: Movement, changed: Sequence[Key], occurred_at: datetime) -> list[Event]:
    """One event for each changed position; each carries the others, so that a transfer is seen whole or not at all."""
    standings = {key: floor.standing(key, movement.line if key == movement.here else None) for key in changed}
    return [
        events.position_changed(
            [standings[key], *(standings[other] for other in changed if other != key)],
            events.change_by_movement(movement, key),
            occurred_at,
            movement.reason,
            movement.document,
        )
        for key in changed
    ]


def _answer(floor: Floor, movement: Movement, booked: Put) -> dict[str, Any]:
    own = (movement.here, movement.there)
    positions = [floor.position(key) for key in booked.changed if key in own]
    return {
        "notes": [note.value for note in booked.booked.notes],
        "positions": [
            {
                "sku": position.key.sku,
                "site": position.key.site,
                "on_hand": _number(position.on_hand),
                "blocked": _number(position.blocked),
                "revision": position.revision,
            }
            for position in positions
        ],
    }


def _again(movement: Movement, digest: bytes, earlier: store.Earlier) -> Outcome:
    if digest == earlier.digest:
        return Outcome(movement.movement_id, "booked", earlier.outcome, replayed=True)
    body = {"status": 422, "code": REUSED, "errors": [_error("movement_id", REUSED, "this id was booked before with another body")]}
    return Outcome(movement.movement_id, "refused", body)


def _refused_at_sight(movement: Movement, decimals: dict[str, int]) -> Outcome | None:
    if found := flaws(movement):
        errors = [_error(flaw.field, Refusal.MALFORMED, flaw.message) for flaw in found]
        return Outcome(movement.movement_id, "refused", {"status": 422, "code": Refusal.MALFORMED.value, "errors": errors})
    allowed = decimals.get(movement.sku)
    if allowed is not None and too_fine(movement.quantity, allowed):
        return _refused(movement, Refusal.TOO_MANY_DECIMALS, "quantity", f"{movement.sku} is counted with {allowed} decimals")
    return None


def _refused(movement: Movement, refusal: Refusal, field: str, message: str) -> Outcome:
    errors = [_error(field, refusal.value, message)]
    return Outcome(movement.movement_id, "refused", {"status": 422, "code": refusal.value, "errors": errors})


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _error(field: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": f"/{field}", "code": code, "message": message}

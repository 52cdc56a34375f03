"""How a request becomes a question to the kernel, and when its answer is good enough to commit to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from services.quote.asks.amounts import micro
from services.quote.asks.orders import ImportedOrder, UnreadableOrder
from services.quote.asks.quotes import LineAsk, OrderAsk
from services.quote.domain.assume import Assumption
from services.quote.domain.change import amend, stands
from services.quote.domain.choice import Aim
from services.quote.domain.promise import promise
from services.quote.domain.request import Demand, LineRequest, Substitute
from services.quote.domain.vouch import dates_that_hold, promise_that_holds, without_sites
from shared.problems import FieldError, unprocessable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from services.quote.asks.orders import LineChange
    from services.quote.board import Board
    from services.quote.domain.answer import Decision
    from services.quote.domain.change import CurrentLine
    from services.quote.domain.request import Shelf
    from services.quote.store.rows import OrderRow


NO_DATE: Final = date.min


def check(board: Board, lines: Sequence[LineAsk], horizon_days: int) -> None:
    """Refuse what no book could answer: more decimals than the item has, dates beyond the horizon. Raises a 422 Problem."""
    errors: list[FieldError] = []
    today = board.now().toordinal()
    for n, line in enumerate(lines):
        _line(board, line, line.sku, f"/lines/{n}", today, horizon_days, errors)
    _refuse(errors)


def check_changes(board: Board, lines: Sequence[LineChange], horizon_days: int) -> None:
    """The same for an amendment, as far as the lines name their sku."""
    errors: list[FieldError] = []
    today = board.now().toordinal()
    for n, line in enumerate(lines):
        _line(board, line, line.sku, f"/lines/{n}", today, horizon_days, errors)
    _refuse(errors)


def checked_imports(
    board: Board, orders: Sequence[ImportedOrder | UnreadableOrder], horizon_days: int
) -> list[ImportedOrder | UnreadableOrder]:
    """The same for each order promised elsewhere, and a line stands once in its order; one that cannot be meant does not lose the others.

    Raises a 422 Problem where none of them can be meant.
    """
    checked = [one if isinstance(one, UnreadableOrder) else _import(board, one, horizon_days) for one in orders]
    if not any(isinstance(one, ImportedOrder) for one in checked):
        _refuse(
            [error for n, one in enumerate(checked) if isinstance(one, UnreadableOrder) for error in placed(one.errors, f"/orders/{n}")]
        )
    return checked


def _import(board: Board, order: ImportedOrder, horizon_days: int) -> ImportedOrder | UnreadableOrder:
    errors: list[FieldError] = []
    today = board.now().toordinal()
    seen: set[str] = set()
    for n, line in enumerate(order.lines):
        at = f"/lines/{n}"
        ref = line.line_ref or str(n + 1)
        if ref in seen:
            errors.append(FieldError(f"{at}/line_ref", "line_ref_twice", f"line_ref {ref} stands twice"))
        seen.add(ref)
        _decimals(board, line.sku, line.quantity, at, "quantity", errors)
        _date(line.promised_date, today, horizon_days, at, "promised_date", errors)
    return UnreadableOrder(order.external_id, tuple(errors)) if errors else order


def placed(errors: Sequence[FieldError], at: str) -> list[FieldError]:
    """The same errors, seen from the whole body."""
    return [replace(one, pointer=at + one.pointer) for one in errors]


def _line(
    board: Board, line: LineAsk | LineChange, sku: str | None, at: str, today: int, horizon_days: int, errors: list[FieldError]
) -> None:
    if sku is not None:
        _decimals(board, sku, line.quantity, at, "quantity", errors)
        if line.min_ship_quantity is not None:
            _decimals(board, sku, line.min_ship_quantity, at, "min_ship_quantity", errors)
    _date(line.requested_date, today, horizon_days, at, "requested_date", errors)
    if line.latest_acceptable_date is not None:
        _date(line.latest_acceptable_date, today, horizon_days, at, "latest_acceptable_date", errors)


def check_ttl(ttl_seconds: int, most_seconds: int) -> None:
    """Refuse a hold that would live longer than this installation allows. Raises a 422 Problem."""
    if ttl_seconds > most_seconds:
        _refuse([FieldError("/ttl_seconds", "ttl_too_long", f"a hold lives {most_seconds} seconds at most")])


def _decimals(board: Board, sku: str, quantity: Decimal | None, at: str, name: str, errors: list[FieldError]) -> None:
    if quantity is None:
        return
    item = board.items.get(sku)
    if item is not None and micro(quantity) % 10 ** (6 - item.decimals):
        errors.append(FieldError(f"{at}/{name}", "quantity_decimals", f"{sku} is counted with {item.decimals} decimals"))


def _date(day: date | None, today: int, horizon_days: int, at: str, name: str, errors: list[FieldError]) -> None:
    if day is not None and abs(day.toordinal() - today) > horizon_days:
        errors.append(FieldError(f"{at}/{name}", "date_out_of_range", f"a date lies at most {horizon_days} days from today"))


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise unprocessable("INVALID_REQUEST", f"{errors[0].pointer}: {errors[0].message}", errors)


def with_class(board: Board, ask: OrderAsk) -> OrderAsk:
    """The request with the class that it is counted under for good: its customer's, where it names none."""
    named = board.world.class_of(ask.customer, ask.demand_class)
    return ask if named == ask.demand_class else ask.model_copy(update={"demand_class": named})


def demand_of(board: Board, ask: OrderAsk, now: datetime, *, held_seconds: int | None = None) -> Demand:
    """The request with its defaults: requested today, from every site with a book of the sku, by code."""
    ends = None if held_seconds is None else now + timedelta(seconds=held_seconds)
    return Demand(
        tuple([line_of(board, line, line.line_ref or str(n + 1), now, ask.customer) for n, line in enumerate(ask.lines)]),
        allow_partial=ask.allow_partial,
        ship_complete=ask.ship_complete,
        policy=Aim(ask.policy),
        deadline_ms=ask.deadline_ms,
        hold_ends=None if ends is None else lambda site: board.today(site, ends),
        classes=board.world.demand_class(board.world.class_of(ask.customer, ask.demand_class)).lineage,
    )


def line_of(board: Board, line: LineAsk, line_ref: str, now: datetime, customer: str | None = None) -> LineRequest:
    """One line. A site that inventory has not described yet answers nothing until it is."""
    known = board.sites
    sites = tuple([site for site in (dict.fromkeys(line.sites) if line.sites else board.sites_of(line.sku)) if site in known])
    item = board.items.get(line.sku)
    requested = line.requested_date
    return LineRequest(
        line_ref,
        line.sku,
        micro(line.quantity),
        board.today(sites[0] if sites else "", now) if requested is None else requested.toordinal(),
        sites,
        None if line.latest_acceptable_date is None else line.latest_acceptable_date.toordinal(),
        None if line.min_ship_quantity is None else micro(line.min_ship_quantity),
        line.max_shipments,
        "EA" if item is None else item.uom,
        item is not None and not item.retired,
        line.ship_to,
        customer,
        None if line.supply is None else frozenset(line.supply),
        tuple(_substitutes(board, line)) if line.allow_substitutes else (),
        tuple(site for site in dict.fromkeys(line.sites) if site not in board.sites) if line.sites else (),
    )


def _substitutes(board: Board, line: LineAsk) -> Iterator[Substitute]:
    """What may stand in for the item, in its order; what nobody has described yet does not, nor what is counted more coarsely."""
    quantity = micro(line.quantity)
    for sku in board.world.all_of("item").get(line.sku, {}).get("substitutes", ()):
        item = board.items.get(sku)
        if item is not None and sku != line.sku and not quantity % 10 ** (6 - item.decimals):
            sites = dict.fromkeys(line.sites) if line.sites else board.sites_of(sku)
            yield Substitute(sku, tuple(site for site in sites if site in board.sites))


def decide(board: Board, ask: OrderAsk, now: datetime, shelf: Shelf, *, held_seconds: int | None = None) -> Decision:
    """What can be promised of a request, or held of it for so long; where it names a probability, on dates that hold with it."""
    demand = demand_of(board, ask, now, held_seconds=held_seconds)
    if ask.probability is None:
        return promise(demand, shelf)
    return promise_that_holds(demand, shelf, ask.probability, board.world.chances)


def decide_change(board: Board, order: OrderRow, current: Sequence[CurrentLine], wanted: Sequence[LineRequest], shelf: Shelf) -> Decision:
    """An order after a change, decided as the order was asked for; what is promised anew holds with the probability that it asked for."""

    def ask(books: Shelf, without: frozenset[int] = frozenset()) -> Decision:
        return amend(
            current,
            without_sites(wanted, without) if without else wanted,
            books,
            order.id,
            allow_partial=order.allow_partial,
            ship_complete=order.ship_complete,
            classes=board.world.demand_class(order.demand_class).lineage,
            aim=Aim(order.policy),
            deadline_ms=order.deadline_ms,
        )

    if order.probability is None:
        return ask(shelf)
    before = {one.line.line_ref: one for one in current}
    return dates_that_hold(
        ask,
        shelf,
        order.probability,
        board.world.chances,
        together=order.ship_complete,
        stands=lambda line: stands(before.get(line.line_ref), line),
    )


def assumptions_of(ask: OrderAsk) -> list[Assumption]:
    """What is taken to be otherwise, in the kernel's words."""
    return [
        Assumption(
            one.kind,
            one.sku or "",
            one.site or "",
            one.receipt_id or one.resource or "",
            micro(Decimal(one.minutes)) if one.minutes is not None else micro(one.quantity or one.delta or Decimal(0)),
            (one.due_date or one.date or NO_DATE).toordinal(),
            one.days or 0,
        )
        for one in ask.assume
    ]


def check_commits(ask: OrderAsk) -> None:
    """Refuse to commit to what is only assumed. Raises a 422 Problem."""
    if ask.assume:
        _refuse([FieldError("/assume", "only_assumed", "what is assumed can be asked about, never held or ordered")])


def is_acceptable(decision: Decision, *, allow_partial: bool) -> bool:
    """Whether it may be committed to: everything in full, or with `allow_partial` at least something."""
    return str(decision.outcome) in (("full", "late", "partial") if allow_partial else ("full", "late"))

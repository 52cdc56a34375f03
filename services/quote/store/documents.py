"""Quotes and orders: found, locked, saved, listed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.quote.store.bulk import SEPARATOR, insert, insert_sql, json_text
from services.quote.store.pool import Connection
from services.quote.store.rows import (
    ClaimRow,
    DeliveryRow,
    HistoryRow,
    LineRow,
    OrderRow,
    PlanClaimRow,
    PlanRow,
    QuoteRow,
    ShippedRow,
    UnmatchedRow,
)

_QUOTE_COLUMNS = {
    "id": "text", "mode": "text", "status": "text", "caller": "text", "customer": "text", "outcome": "text", "summary": "text",
    "request": "json", "answer": "json", "claims": "jsonb", "expires_at": "timestamptz", "order_id": "text", "decision_id": "text",
    "revision": "int", "created_at": "timestamptz", "updated_at": "timestamptz", "plans": "jsonb",
}  # fmt: skip
_ORDER_COLUMNS = {
    "id": "text", "quote_id": "text", "external_id": "text", "source_system": "text", "customer": "text", "demand_class": "text",
    "priority": "int", "status": "text", "caller": "text", "elsewhere": "boolean", "allow_partial": "boolean", "ship_complete": "boolean",
    "revision": "int", "created_at": "timestamptz", "updated_at": "timestamptz", "frozen": "boolean",
    "policy": "text", "probability": "float8", "deadline_ms": "int",
}  # fmt: skip
_LINE_COLUMNS = {
    "line_ref": "text", "sku": "text", "quantity": "bigint", "requested_date": "date", "first_promised_date": "date",
    "promised_date": "date", "actual_date": "date", "times_moved": "int", "status": "text", "shipped": "bigint",
    "shipped_by_site": "jsonb", "deliveries": "jsonb", "request": "json",
}  # fmt: skip
_HISTORY_COLUMNS = {
    "order_id": "text", "revision": "int", "at": "timestamptz", "kind": "text", "actor": "text", "reason": "text", "document": "text",
    "decision_id": "text", "lines": "jsonb",
}  # fmt: skip
_QUOTE, _ORDER, _LINE = ", ".join(_QUOTE_COLUMNS), ", ".join(_ORDER_COLUMNS), ", ".join(_LINE_COLUMNS)


def _quote(row: Any) -> QuoteRow:
    values = dict(row)
    values["claims"] = tuple(ClaimRow(**_with_returns(claim)) for claim in values["claims"])
    values["plans"] = tuple(plan_in(plan) for plan in values["plans"])
    return QuoteRow(**values)


def plan_fields(plan: PlanRow) -> dict[str, Any]:
    """A plan as JSON keeps it."""
    return {**_fields(plan), "claims": [_fields(claim) for claim in plan.claims]}


def plan_in(said: dict[str, Any]) -> PlanRow:
    """A plan from what JSON kept of it."""
    claims = tuple(PlanClaimRow(**_with_returns(claim)) for claim in said["claims"])
    return PlanRow(**{**said, "line_refs": tuple(said["line_refs"]), "claims": claims})


def _with_returns(claim: dict[str, Any]) -> dict[str, Any]:
    return {**claim, "returns": tuple((plan, quantity) for plan, quantity in claim.get("returns", ()))}


def order_in(kept: Mapping[str, Any]) -> OrderRow:
    """An order that a decision was made on, as its basis keeps it: an order with its dates as text."""
    said: dict[str, Any] = dict(kept)
    for name in ("created_at", "updated_at"):
        said[name] = datetime.fromisoformat(said[name])
    days = ("requested_date", "first_promised_date", "promised_date", "actual_date")
    lines = [line | {name: None if line[name] is None else date.fromisoformat(line[name]) for name in days} for line in said["lines"]]
    return OrderRow(**{**said, "lines": tuple(_line(line) for line in lines)})


def _line(row: Any) -> LineRow:
    values = {name: row[name] for name in LineRow.__slots__}
    values["deliveries"] = tuple(DeliveryRow(**delivery) for delivery in values["deliveries"])
    values["shipped_by_site"] = {
        site: ShippedRow(
            shipped["quantity"], shipped["closed"], datetime.fromisoformat(shipped["at"]), shipped["settled"], shipped.get("told", {})
        )
        for site, shipped in values["shipped_by_site"].items()
    }
    return LineRow(**values)


async def find_quotes(connection: Connection, ids: Sequence[str], *, lock: bool) -> dict[str, QuoteRow]:
    """The quotes of these ids that exist; locked in sorted order when asked."""
    if not ids:
        return {}
    rows = await connection.fetch(f"SELECT {_QUOTE} FROM quote WHERE id = ANY($1) ORDER BY id {'FOR UPDATE' if lock else ''}", list(ids))
    return {row["id"]: _quote(row) for row in rows}


async def sum_held(connection: Connection, callers: Iterable[str | None]) -> dict[tuple[str, str], int]:
    """What these callers hold of each sku, by caller and sku; locked, so that nobody holds more of it in their names meanwhile."""
    names = sorted(name for name in callers if name is not None)
    for name in names:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('holds of ' || $1, 0))", name)
    rows = await connection.fetch(
        """SELECT q.caller, claim ->> 'sku' AS sku, sum(CAST(claim ->> 'quantity' AS bigint))::bigint AS quantity
           FROM quote AS q, jsonb_array_elements(q.claims) AS claim
           WHERE q.status = 'held' AND q.expires_at > clock_timestamp() AND q.caller = ANY($1) GROUP BY 1, 2""",
        names,
    )
    return {(row["caller"], row["sku"]): row["quantity"] for row in rows}


async def list_due_holds(connection: Connection, limit: int) -> list[str]:
    """Holds whose time is over and that nobody has announced yet."""
    rows = await connection.fetch(
        "SELECT id FROM quote WHERE status = 'held' AND expires_at <= clock_timestamp() ORDER BY expires_at LIMIT $1", limit
    )
    return [row["id"] for row in rows]


async def save_quotes(connection: Connection, quotes: Sequence[QuoteRow]) -> None:
    """Insert what is new (revision 1; a quote that exists by now raises UniqueViolationError), replace what is locked."""
    for statement, rows in (
        (_INSERT_QUOTE, [quote for quote in quotes if quote.revision == 1]),
        (_REPLACE_QUOTE, [quote for quote in quotes if quote.revision > 1]),
    ):
        if rows:
            await insert(connection, statement, [_quote_values(quote) for quote in rows])


_INSERT_QUOTE = insert_sql("quote", _QUOTE_COLUMNS)
_REPLACE_QUOTE = insert_sql(
    "quote",
    _QUOTE_COLUMNS,
    """ON CONFLICT (id) DO UPDATE SET status = excluded.status, outcome = excluded.outcome, summary = excluded.summary,
    answer = excluded.answer, claims = excluded.claims, plans = excluded.plans, expires_at = excluded.expires_at,
    order_id = excluded.order_id, decision_id = excluded.decision_id, revision = excluded.revision, updated_at = excluded.updated_at""",
)


def _quote_values(q: QuoteRow) -> tuple[Any, ...]:
    return (
        q.id, q.mode, q.status, q.caller, q.customer, q.outcome, q.summary, json_text(q.request), json_text(q.answer),
        json_text([_fields(claim) for claim in q.claims]), q.expires_at, q.order_id, q.decision_id, q.revision, q.created_at, q.updated_at,
        json_text([plan_fields(plan) for plan in q.plans]),
    )  # fmt: skip


def _fields(row: ClaimRow | DeliveryRow | PlanRow | PlanClaimRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


async def list_latest_quotes(connection: Connection, limit: int, before: str | None, status: str | None) -> list[dict[str, Any]]:
    """Quotes that took something or were refused it, newest first, a line each."""
    rows = await connection.fetch(
        """SELECT id, mode, status, outcome, summary, customer, order_id, expires_at, created_at,
                  ARRAY(SELECT line ->> 'sku' FROM json_array_elements(request -> 'lines') WITH ORDINALITY AS each (line, n)
                        ORDER BY n LIMIT 5) AS skus
           FROM quote WHERE ($2::text IS NULL OR id < $2) AND ($3::text IS NULL OR status = $3) ORDER BY id DESC LIMIT $1""",
        limit,
        before,
        status,
    )
    return [dict(row) for row in rows]


async def find_orders(connection: Connection, ids: Sequence[str], *, lock: bool) -> dict[str, OrderRow]:
    """The orders of these ids with all their lines; the order rows locked in sorted order when asked."""
    if not ids:
        return {}
    heads = await connection.fetch(
        f"SELECT {_ORDER} FROM customer_order WHERE id = ANY($1) ORDER BY id {'FOR UPDATE' if lock else ''}", list(ids)
    )
    if not heads:
        return {}
    lines: dict[str, list[LineRow]] = {head["id"]: [] for head in heads}
    for row in await connection.fetch(
        f"SELECT order_id, {_LINE} FROM order_line WHERE order_id = ANY($1) ORDER BY order_id, n", list(lines)
    ):
        lines[row["order_id"]].append(_line(row))
    return {head["id"]: OrderRow(**dict(head), lines=tuple(lines[head["id"]])) for head in heads}


async def list_counted(connection: Connection, sku: str, classes: Sequence[str], since: date, after: str, limit: int) -> list[OrderRow]:
    """Orders of some classes with a line of a sku that is delivered on a day or later: some, in the order of their ids, behind one."""
    rows = await connection.fetch(
        """SELECT DISTINCT o.id FROM order_line AS l JOIN customer_order AS o ON o.id = l.order_id
           WHERE l.sku = $1 AND o.demand_class = ANY($2) AND coalesce(l.promised_date, l.requested_date) >= $3 AND o.id > $4
           ORDER BY o.id LIMIT $5""",
        sku,
        list(classes),
        since,
        after,
        limit,
    )
    return list((await find_orders(connection, [row["id"] for row in rows], lock=False)).values())


async def list_held(connection: Connection, classes: Sequence[str]) -> list[QuoteRow]:
    """The live holds of some classes."""
    rows = await connection.fetch(
        """SELECT id FROM quote WHERE status = 'held' AND expires_at > clock_timestamp() AND request ->> 'demand_class' = ANY($1)
           ORDER BY id""",
        list(classes),
    )
    return list((await find_quotes(connection, [row["id"] for row in rows], lock=False)).values())


async def find_order_ids(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Which order each name means: its id, or another system's number if only one order has it, or one that is not cancelled."""
    rows = await connection.fetch(
        """SELECT external_id AS name, coalesce(min(id) FILTER (WHERE status <> 'cancelled'), min(id)) AS id
           FROM customer_order WHERE external_id = ANY($1) GROUP BY external_id
           HAVING count(*) = 1 OR count(*) FILTER (WHERE status <> 'cancelled') = 1
           UNION ALL SELECT id, id FROM customer_order WHERE id = ANY($1)""",
        list(names),
    )
    return {row["name"]: row["id"] for row in rows}


async def find_numbers(connection: Connection, numbers: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The id of the order that has each number in its source system; a cancelled order has given its number back."""
    wanted = sorted(numbers)
    rows = await connection.fetch(
        """SELECT coalesce(source_system, '') AS source, external_id, id FROM customer_order
           WHERE external_id = ANY($2) AND status <> 'cancelled' AND NOT number_shared
             AND (coalesce(source_system, ''), external_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))""",
        [source for source, _ in wanted],
        [number for _, number in wanted],
    )
    return {(row["source"], row["external_id"]): row["id"] for row in rows}


async def find_holders(connection: Connection, numbers: Iterable[str]) -> dict[str, set[str]]:
    """The ids of all orders that other systems know by these numbers."""
    rows = await connection.fetch("SELECT external_id, id FROM customer_order WHERE external_id = ANY($1)", list(numbers))
    holders: dict[str, set[str]] = {}
    for row in rows:
        holders.setdefault(row["external_id"], set()).add(row["id"])
    return holders


async def lock_names(connection: Connection, names: Iterable[str]) -> None:
    """Let nobody import an order of this name, or find that there is none, until this transaction ends."""
    for name in sorted(set(names)):
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('order ' || $1, 0))", name)


async def find_imported(connection: Connection, numbers: Sequence[tuple[str | None, str]]) -> dict[tuple[str, str], str]:
    """The ids of orders promised elsewhere, by (source system, external id)."""
    rows = await connection.fetch(
        """SELECT coalesce(source_system, '') AS source, external_id, id FROM customer_order
           WHERE elsewhere AND (coalesce(source_system, ''), external_id)
                 IN (SELECT * FROM unnest($1::text[], $2::text[]))""",
        [source or "" for source, _ in numbers],
        [external for _, external in numbers],
    )
    return {(row["source"], row["external_id"]): row["id"] for row in rows}


async def save_orders(connection: Connection, orders: Sequence[OrderRow]) -> None:
    """Insert or replace orders with their lines."""
    await insert(connection, _SAVE_ORDER, [tuple(getattr(order, name) for name in _ORDER_COLUMNS) for order in orders])
    lines = [_line_values(order, n, line) for order in orders for n, line in enumerate(order.lines)]
    if lines:
        await insert(connection, _SAVE_LINE, lines)


_SAVE_ORDER = insert_sql(
    "customer_order",
    _ORDER_COLUMNS,
    """ON CONFLICT (id) DO UPDATE SET status = excluded.status, customer = excluded.customer, priority = excluded.priority,
    frozen = excluded.frozen, revision = excluded.revision, updated_at = excluded.updated_at""",
)
_SAVE_LINE = insert_sql(
    "order_line",
    {"order_id": "text", "n": "int", "sites": "text[]", **_LINE_COLUMNS},
    """ON CONFLICT (order_id, line_ref) DO UPDATE SET n = excluded.n, sites = excluded.sites, sku = excluded.sku,
    quantity = excluded.quantity, requested_date = excluded.requested_date, promised_date = excluded.promised_date,
    first_promised_date = coalesce(order_line.first_promised_date, excluded.first_promised_date),
    actual_date = excluded.actual_date, times_moved = excluded.times_moved, status = excluded.status, shipped = excluded.shipped,
    shipped_by_site = excluded.shipped_by_site, deliveries = excluded.deliveries, request = excluded.request""",
)


def _line_values(order: OrderRow, n: int, line: LineRow) -> tuple[Any, ...]:
    shipped = {
        site: {"quantity": s.quantity, "closed": s.closed, "at": s.at.isoformat(), "settled": s.settled, "told": s.told}
        for site, s in line.shipped_by_site.items()
    }
    return (
        order.id, n, SEPARATOR.join(sorted({delivery.site for delivery in line.deliveries})), line.line_ref, line.sku, line.quantity,
        line.requested_date, line.first_promised_date, line.promised_date, line.actual_date, line.times_moved, line.status, line.shipped,
        json_text(shipped), json_text([_fields(delivery) for delivery in line.deliveries]), json_text(line.request),
    )  # fmt: skip


async def add_history(connection: Connection, history: Sequence[HistoryRow]) -> None:
    """Append what happened to orders; a revision is written once."""
    await insert(
        connection,
        _ADD_HISTORY,
        [(h.order_id, h.revision, h.at, h.kind, h.actor, h.reason, h.document, h.decision_id, json_text(h.lines)) for h in history],
    )


_ADD_HISTORY = insert_sql("order_history", _HISTORY_COLUMNS)


async def list_history(connection: Connection, order_id: str, after: int, limit: int) -> list[HistoryRow]:
    """What happened to one order, oldest first."""
    rows = await connection.fetch(
        """SELECT order_id, revision, at, kind, actor, reason, document, decision_id, lines FROM order_history
           WHERE order_id = $1 AND revision > $2 ORDER BY revision LIMIT $3""",
        order_id,
        after,
        limit,
    )
    return [HistoryRow(**dict(row)) for row in rows]


async def list_orders(
    connection: Connection,
    *,
    limit: int,
    after: str | None = None,
    newest_first: bool = False,
    status: str | None = None,
    customer: str | None = None,
    sku: str | None = None,
    site: str | None = None,
    external_id: str | None = None,
    promised_from: date | None = None,
    promised_to: date | None = None,
    at_risk: bool | None = None,
) -> list[OrderRow]:
    """Orders in the order of their ids, a page after the cursor; line filters keep an order if one line fits them all."""
    direction, compare = ("DESC", "<") if newest_first else ("ASC", ">")
    rows = await connection.fetch(
        f"""SELECT id FROM customer_order AS o
            WHERE ($2::text IS NULL OR o.id {compare} $2) AND ($3::text IS NULL OR o.status = $3)
              AND ($4::text IS NULL OR o.customer = $4) AND ($9::text IS NULL OR o.external_id = $9)
              AND ($5::text IS NULL AND $6::text IS NULL AND $7::date IS NULL AND $8::date IS NULL OR EXISTS (
                    SELECT 1 FROM order_line AS l WHERE l.order_id = o.id AND ($5::text IS NULL OR l.sku = $5)
                    AND ($6::text IS NULL OR $6 = ANY(l.sites)) AND ($7::date IS NULL OR l.promised_date >= $7)
                    AND ($8::date IS NULL OR l.promised_date <= $8)))
              AND ($10::boolean IS NULL OR $10 = EXISTS (
                    SELECT 1 FROM risk_state AS r JOIN order_line AS l ON l.order_id = r.order_id AND l.line_ref = r.line_ref
                    WHERE r.order_id = o.id AND r.state IN ('at_risk', 'missed') AND l.status IN ('confirmed', 'partly_shipped')))
            ORDER BY o.id {direction} LIMIT $1""",
        limit, after, status, customer, sku, site, promised_from, promised_to, external_id, at_risk,
    )  # fmt: skip
    ids = [row["id"] for row in rows]
    found = await find_orders(connection, ids, lock=False)
    return [found[order_id] for order_id in ids]


async def list_unmatched(connection: Connection, order_names: Iterable[str]) -> list[UnmatchedRow]:
    """Shipments that found no order line when they were heard, for orders of these names."""
    rows = await connection.fetch(
        """SELECT order_id, line_ref, sku, site, quantity, closed, shipped_at, cause, revision FROM unmatched_shipment
           WHERE order_id = ANY($1) ORDER BY order_id, line_ref, sku, site""",
        list(order_names),
    )
    return [UnmatchedRow(**dict(row)) for row in rows]


async def save_unmatched(connection: Connection, rows: Sequence[UnmatchedRow]) -> None:
    """Remember goods that left for nothing known."""
    await connection.executemany(
        """INSERT INTO unmatched_shipment (order_id, line_ref, sku, site, quantity, closed, shipped_at, cause, revision)
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (order_id, line_ref, sku, site) DO UPDATE
           SET quantity = excluded.quantity, closed = excluded.closed, shipped_at = excluded.shipped_at, cause = excluded.cause,
           revision = excluded.revision""",
        [(r.order_id, r.line_ref, r.sku, r.site, r.quantity, r.closed, r.shipped_at, r.cause, r.revision) for r in rows],
    )

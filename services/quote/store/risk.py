"""What is due to be looked at for risk, and what was told of each order line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from services.quote.store.bulk import insert, insert_sql, json_text
from services.quote.store.pool import Connection

LEADER = "risk"
"""The advisory lock under which promises are looked at: by one process at a time, so that no state is told twice."""
BOOK, ORDER, PLAN = "book", "order", "plan"
AT_RISK, MISSED, RECOVERED, CLOSED = "at_risk", "missed", "recovered", "closed"


@dataclass(slots=True, frozen=True)
class RiskCause:
    """The record behind a danger."""

    code: str
    ref: str | None
    summary: str
    sku: str | None = None
    site: str | None = None
    resource: str | None = None
    document: str | None = None


@dataclass(slots=True, frozen=True)
class DueRow:
    """A book or an order whose promises have to be looked at, or a plan that may not be made as it was planned."""

    kind: str
    key: str
    cause: RiskCause | None = None


@dataclass(slots=True, frozen=True)
class RiskRow:
    """What was last told of an order line."""

    order_id: str
    line_ref: str
    revision: int
    state: str
    promised_date: date | None
    projected_date: date | None
    slip_days: int
    unsupplied: bool
    cause: RiskCause | None
    books: tuple[str, ...]
    told_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether the line was last told to be in danger, or missed."""
        return self.state in (AT_RISK, MISSED)


_STATE = "order_id, line_ref, revision, state, promised_date, projected_date, slip_days, unsupplied, cause, books, told_at"
_NOW = "(not_before IS NULL OR not_before <= clock_timestamp())"
_ADD_DUE = insert_sql("risk_due", {"kind": "text", "key": "text", "cause": "jsonb"})


def fields(cause: RiskCause) -> dict[str, str | None]:
    """The cause as a JSON object."""
    return {name: getattr(cause, name) for name in RiskCause.__slots__}


def _cause(said: Any) -> RiskCause | None:
    return None if said is None else RiskCause(**said)


async def add_due(connection: Connection, due: Sequence[DueRow]) -> None:
    """Let these be looked at, if this transaction comes to something."""
    await insert(connection, _ADD_DUE, [(one.kind, one.key, json_text(None if one.cause is None else fields(one.cause))) for one in due])


async def add_awaited(connection: Connection, keys: Iterable[str]) -> bool:
    """Let these books be looked at if they stand in the way of somebody in danger, or could serve him; whether any does."""
    done: str = await connection.execute(
        """INSERT INTO risk_due (kind, key) SELECT 'book', key FROM unnest($1::text[]) AS key
           WHERE EXISTS (SELECT FROM risk_state WHERE state IN ('at_risk', 'missed') AND books && ARRAY[key])""",
        sorted(keys),
    )
    return not done.endswith(" 0")


async def list_awaited(connection: Connection, limit: int) -> list[str]:
    """The books that stand in the way of somebody in danger, or could serve him; at most so many."""
    rows = await connection.fetch(
        "SELECT DISTINCT unnest(books) AS key FROM risk_state WHERE state IN ('at_risk', 'missed') LIMIT $1", limit
    )
    return [row["key"] for row in rows]


DUE_OF_CLASSES: Final = """
    INSERT INTO risk_due (kind, key) SELECT DISTINCT 'order', order_id FROM risk_state WHERE state IN ('at_risk', 'missed')
"""
"""Whoever is in danger is looked at: a class has another rank, so others may be served first."""
DUE_OF_CUSTOMERS: Final = """
    INSERT INTO risk_due (kind, key)
    SELECT 'order', id FROM customer_order WHERE customer = ANY({customers}) AND status IN ('confirmed', 'partly_shipped')
"""
"""The open orders of customers are looked at: they receive on other days, or belong to another class."""


async def add_due_of(connection: Connection, kind: str, identity: str) -> None:
    """Let those be looked at to whom the definition of a class or a customer means another rank or another day."""
    if kind == "demand_class":
        await connection.execute(DUE_OF_CLASSES)
    elif kind == "customer":
        await connection.execute(DUE_OF_CUSTOMERS.format(customers="$1::text[]"), [identity])


async def lead(connection: Connection) -> bool:
    """Be the one who looks, until the transaction ends; False when another process is."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", LEADER))


async def list_due(connection: Connection, limit: int) -> list[int]:
    """What waits to be looked at, the oldest first."""
    return [row["id"] for row in await connection.fetch(f"SELECT id FROM risk_due WHERE {_NOW} ORDER BY id LIMIT $1", limit)]


async def take_due(connection: Connection, ids: Sequence[int]) -> list[DueRow]:
    """Take of these what nobody else has taken; it is due again if this transaction comes to nothing."""
    rows = await connection.fetch(
        """DELETE FROM risk_due WHERE id IN (SELECT id FROM risk_due WHERE id = ANY($1) FOR UPDATE SKIP LOCKED)
           RETURNING id, kind, key, cause""",
        list(ids),
    )
    return [DueRow(row["kind"], row["key"], _cause(row["cause"])) for row in sorted(rows, key=lambda row: row["id"])]


async def set_aside(connection: Connection, most_seconds: float) -> None:
    """Look at what is due first only later: after a second, then two, four … up to so many seconds."""
    await connection.execute(
        f"""UPDATE risk_due SET tries = tries + 1,
                   not_before = clock_timestamp() + least(power(2, least(tries, 10)), $1) * interval '1 second'
            WHERE id = (SELECT min(id) FROM risk_due WHERE {_NOW})""",
        most_seconds,
    )


async def save_causes(connection: Connection, causes: dict[str, RiskCause]) -> None:
    """Remember what last endangered the promises of these books."""
    await connection.executemany(
        """INSERT INTO risk_cause (book_key, cause) VALUES ($1, $2) ON CONFLICT (book_key) DO UPDATE
           SET cause = excluded.cause, nth = excluded.nth""",
        [(key, fields(cause)) for key, cause in causes.items()],
    )


async def forget_causes(connection: Connection, keys: Iterable[str]) -> None:
    """These books are not short: nothing endangers anybody there."""
    await connection.execute("DELETE FROM risk_cause WHERE book_key = ANY($1)", list(keys))


async def find_causes(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[int, RiskCause]]:
    """What last endangered the promises of these books; the higher the number, the later."""
    rows = await connection.fetch("SELECT book_key, nth, cause FROM risk_cause WHERE book_key = ANY($1)", list(keys))
    return {row["book_key"]: (row["nth"], RiskCause(**row["cause"])) for row in rows}


def _row(row: Any) -> RiskRow:
    values = dict(row)
    values["cause"] = _cause(values["cause"])
    values["books"] = tuple(values["books"])
    return RiskRow(**values)


async def list_open(connection: Connection, books: Iterable[str], orders: Iterable[str], limit: int) -> list[RiskRow]:
    """What was told and still stands of lines that one of these books endangers, or of these orders."""
    rows = await connection.fetch(
        f"""SELECT {_STATE} FROM risk_state WHERE state IN ('at_risk', 'missed') AND books && $1
            UNION SELECT {_STATE} FROM risk_state WHERE state IN ('at_risk', 'missed') AND order_id = ANY($2)
            ORDER BY order_id, line_ref LIMIT $3""",
        list(books),
        list(orders),
        limit,
    )
    return [_row(row) for row in rows]


async def list_in_danger(connection: Connection, books: Iterable[str] | None, limit: int) -> list[RiskRow]:
    """What was told and still stands of open lines that one of these books endangers; of all books where none is named."""
    rows = await connection.fetch(
        f"""SELECT {_STATE} FROM risk_state AS r WHERE state IN ('at_risk', 'missed') AND ($1::text[] IS NULL OR books && $1)
            AND EXISTS (SELECT FROM order_line AS l WHERE l.order_id = r.order_id AND l.line_ref = r.line_ref
                        AND l.status IN ('confirmed', 'partly_shipped'))
            ORDER BY order_id, line_ref LIMIT $2""",
        None if books is None else list(books),
        limit,
    )
    return [_row(row) for row in rows]


async def find_states(connection: Connection, orders: Iterable[str]) -> dict[tuple[str, str], RiskRow]:
    """What was last told of the lines of these orders, by order and line."""
    rows = await connection.fetch(f"SELECT {_STATE} FROM risk_state WHERE order_id = ANY($1)", list(orders))
    return {(row["order_id"], row["line_ref"]): _row(row) for row in rows}


async def list_told_orders(connection: Connection, after: str, limit: int) -> list[str]:
    """The ids of orders, behind one, of whose lines something was told."""
    rows = await connection.fetch(
        'SELECT DISTINCT order_id COLLATE "C" AS id FROM risk_state WHERE order_id COLLATE "C" > $1 ORDER BY 1 LIMIT $2', after, limit
    )
    return [row["id"] for row in rows]


async def save_states(connection: Connection, states: Sequence[RiskRow]) -> None:
    """Write what is being told."""
    await connection.executemany(
        _SAVE_STATE,
        [
            (
                s.order_id, s.line_ref, s.revision, s.state, s.promised_date, s.projected_date, s.slip_days, s.unsupplied,
                None if s.cause is None else fields(s.cause), list(s.books), s.told_at,
            )
            for s in states
        ],
    )  # fmt: skip


_SAVE_STATE = f"""INSERT INTO risk_state ({_STATE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (order_id, line_ref) DO UPDATE SET revision = excluded.revision, state = excluded.state,
    promised_date = excluded.promised_date, projected_date = excluded.projected_date, slip_days = excluded.slip_days,
    unsupplied = excluded.unsupplied, cause = excluded.cause, books = excluded.books, told_at = excluded.told_at"""


async def list_days(connection: Connection) -> dict[str, date]:
    """Up to which civil day each site was rolled."""
    return {row["site"]: row["rolled_to_date"] for row in await connection.fetch("SELECT site, rolled_to_date FROM site_day")}


async def roll(connection: Connection, site: str, to: date) -> bool:
    """Move a site to a new civil day; False when it stands there already."""
    done: str = await connection.execute(
        """INSERT INTO site_day (site, rolled_to_date) VALUES ($1, $2) ON CONFLICT (site) DO UPDATE
           SET rolled_to_date = excluded.rolled_to_date WHERE site_day.rolled_to_date < excluded.rolled_to_date""",
        site,
        to,
    )
    return not done.endswith(" 0")


async def add_overdue(connection: Connection, site: str, today: date) -> None:
    """Let orders be looked at that have an open line of the site whose promised date has passed, if nobody was told that it was missed."""
    await connection.execute(
        """INSERT INTO risk_due (kind, key)
           SELECT DISTINCT 'order', order_id FROM order_line AS l
           WHERE promised_date < $2 AND status IN ('confirmed', 'partly_shipped') AND $1 = ANY(sites)
             AND NOT EXISTS (SELECT FROM risk_state AS r
                             WHERE r.order_id = l.order_id AND r.line_ref = l.line_ref AND r.state = 'missed')""",
        site,
        today,
    )


async def find_risks(connection: Connection, orders: Iterable[str]) -> dict[tuple[str, str], RiskRow]:
    """The lines of these orders that are in danger or missed, by order and line."""
    return {name: row for name, row in (await find_states(connection, orders)).items() if row.is_open}

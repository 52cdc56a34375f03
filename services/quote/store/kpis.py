"""What is counted for the shared figures: lines and their dates, what is in danger, what became of quotes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.quote.store.pool import Connection


@dataclass(slots=True, frozen=True)
class Scope:
    """Which promises are counted, and which days."""

    from_date: date
    to_date: date
    customer: str | None = None
    sku: str | None = None
    site: str | None = None


_LINES = """
WITH clock AS (SELECT site, today FROM unnest($6::text[], $7::date[]) AS each (site, today)),
wanted AS (
    SELECT l.*, o.elsewhere, (o.created_at AT TIME ZONE 'UTC')::date AS ordered_date, l.status IN ('shipped', 'closed_short') AS done
    FROM order_line AS l JOIN customer_order AS o ON o.id = l.order_id
    WHERE l.status <> 'cancelled' AND ($3::text IS NULL OR o.customer = $3) AND ($4::text IS NULL OR l.sku = $4)
      AND ($5::text IS NULL OR $5 = ANY (l.sites))
      AND (l.status IN ('confirmed', 'partly_shipped') OR l.first_promised_date BETWEEN $1 AND $2 OR l.promised_date BETWEEN $1 AND $2
           OR l.requested_date BETWEEN $1 AND $2 OR l.actual_date BETWEEN $1 AND $2
           OR o.created_at >= $1::date AT TIME ZONE 'UTC' AND o.created_at < ($2::date + 1) AT TIME ZONE 'UTC')
),
line AS MATERIALIZED (
    SELECT status, requested_date, first_promised_date, promised_date, times_moved, elsewhere, ordered_date, done, actual_date,
           CASE WHEN done THEN actual_date + greatest(0, (promised_date - DATE '0001-01-01') + 1 - coalesce(
               (SELECT max((one ->> 'ship_day')::int) FROM jsonb_array_elements(deliveries) AS one), 2147483647)) END AS arrived_date,
           CASE WHEN NOT done THEN coalesce((SELECT min(clock.today) FROM clock WHERE clock.site = ANY (sites)), $8::date) END AS today
    FROM wanted
),
judged AS (
    SELECT *,
           first_promised_date BETWEEN $1 AND $2 AND (done OR first_promised_date < today) AS first_due,
           promised_date BETWEEN $1 AND $2 AND (done OR promised_date < today) AS latest_due,
           requested_date BETWEEN $1 AND $2 AND (done OR requested_date < today) AS requested_due,
           done AND arrived_date IS NOT NULL AND actual_date BETWEEN $1 AND $2 AS arrived,
           ordered_date BETWEEN $1 AND $2 AS ordered,
           NOT done AND promised_date < today AS overdue
    FROM line
)
SELECT count(*) FILTER (WHERE first_due) AS first_due,
       count(*) FILTER (WHERE first_due AND status = 'shipped' AND arrived_date <= first_promised_date) AS first_kept,
       count(*) FILTER (WHERE latest_due) AS latest_due,
       count(*) FILTER (WHERE latest_due AND status = 'shipped' AND arrived_date <= promised_date) AS latest_kept,
       count(*) FILTER (WHERE requested_due) AS requested_due,
       count(*) FILTER (WHERE requested_due AND status = 'shipped' AND arrived_date <= requested_date) AS requested_met,
       count(*) FILTER (WHERE arrived) AS arrived,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY arrived_date - promised_date) FILTER (WHERE arrived) AS slip_p50,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY arrived_date - promised_date) FILTER (WHERE arrived) AS slip_p90,
       count(*) FILTER (WHERE ordered) AS ordered,
       count(*) FILTER (WHERE ordered AND times_moved > 0) AS moved,
       count(*) FILTER (WHERE ordered AND NOT elsewhere AND first_promised_date IS NOT NULL) AS promised,
       count(*) FILTER (WHERE ordered AND NOT elsewhere AND first_promised_date <= requested_date) AS at_once,
       count(*) FILTER (WHERE overdue) AS overdue,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY today - promised_date) FILTER (WHERE overdue) AS age_p50,
       max(today - promised_date) FILTER (WHERE overdue) AS age_max
FROM judged
"""

_OPEN = """
FROM order_line AS l JOIN customer_order AS o ON o.id = l.order_id
LEFT JOIN risk_state AS r ON r.order_id = l.order_id AND r.line_ref = l.line_ref AND r.state IN ('at_risk', 'missed')
WHERE l.status IN ('confirmed', 'partly_shipped') AND ($1::text IS NULL OR o.customer = $1) AND ($2::text IS NULL OR l.sku = $2)
  AND ($3::text IS NULL OR $3 = ANY (l.sites))
"""
_OF_QUOTES = """
FROM quote AS q
WHERE q.created_at >= $1::date AT TIME ZONE 'UTC' AND q.created_at < ($2::date + 1) AT TIME ZONE 'UTC'
  AND ($3::text IS NULL OR q.customer = $3)
  AND ($4::text IS NULL OR EXISTS (SELECT FROM json_array_elements(q.request -> 'lines') AS line WHERE line ->> 'sku' = $4))
"""
_NO_ORDER = "(q.status IN ('refused', 'released', 'expired') OR q.status = 'held' AND q.expires_at <= clock_timestamp())"


async def count_lines(connection: Connection, scope: Scope, todays: Mapping[str, date], today: date) -> dict[str, int | None]:
    """Order lines by what became of their dates. `todays`: the civil day of each site; `today`: of a line without one."""
    row = await connection.fetchrow(
        _LINES, scope.from_date, scope.to_date, scope.customer, scope.sku, scope.site, list(todays), list(todays.values()), today
    )
    return {} if row is None else dict(row)


async def count_risk(connection: Connection, scope: Scope) -> tuple[int, int]:
    """How many open orders there are, and how many of them have a line in danger."""
    row = await connection.fetchrow(
        f"SELECT count(DISTINCT l.order_id) AS open, count(DISTINCT r.order_id) AS endangered {_OPEN}",
        scope.customer,
        scope.sku,
        scope.site,
    )
    return (0, 0) if row is None else (row["open"], row["endangered"])


async def sum_value_at_risk(connection: Connection, scope: Scope) -> list[dict[str, Any]]:
    """What is open of the lines in danger is worth, by currency; without a price the sum is null."""
    rows = await connection.fetch(
        f"""SELECT l.request ->> 'currency' AS currency, l.request ->> 'unit_price' IS NOT NULL AS priced, count(*) AS lines,
                   sum((l.request ->> 'unit_price')::numeric
                       * (SELECT sum((one ->> 'open')::numeric) FROM jsonb_array_elements(l.deliveries) AS one) / 1000000) AS value
            {_OPEN} AND r.order_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2""",
        scope.customer,
        scope.sku,
        scope.site,
    )
    return [dict(row) for row in rows]


async def count_holds(connection: Connection, scope: Scope) -> tuple[int, int]:
    """How many holds have been confirmed, and how many have ended."""
    row = await connection.fetchrow(
        f"""SELECT count(*) FILTER (WHERE q.status = 'confirmed') AS won,
                   count(*) FILTER (WHERE q.status = 'confirmed' OR q.status <> 'refused' AND {_NO_ORDER}) AS ended
            {_OF_QUOTES} AND q.mode = 'hold'""",
        scope.from_date,
        scope.to_date,
        scope.customer,
        scope.sku,
    )
    return (0, 0) if row is None else (row["won"], row["ended"])


async def list_lost(connection: Connection, scope: Scope) -> list[tuple[str, int, int]]:
    """What came to nothing, by the outcome and the slip in days of what was offered, and how often."""
    rows = await connection.fetch(
        f"""SELECT q.outcome, coalesce((SELECT max((line ->> 'slip_days')::int) FROM json_array_elements(q.answer -> 'lines') AS line), 0)
                   AS slip, count(*) AS quotes
            {_OF_QUOTES} AND {_NO_ORDER} GROUP BY 1, 2""",
        scope.from_date,
        scope.to_date,
        scope.customer,
        scope.sku,
    )
    return [(row["outcome"], row["slip"], row["quotes"]) for row in rows]


async def count_asked(connection: Connection, scope: Scope) -> tuple[int, int]:
    """How many inquiries and holds became an order, and how many there were."""
    row = await connection.fetchrow(
        """WITH span AS (SELECT $1::date AT TIME ZONE 'UTC' AS first, ($2::date + 1) AT TIME ZONE 'UTC' AS last),
           asked AS (
               SELECT i.id FROM inquiry AS i, span WHERE i.at >= span.first AND i.at < span.last AND ($3::text IS NULL OR i.customer = $3)
               UNION ALL
               SELECT q.id FROM quote AS q, span WHERE q.mode = 'hold' AND q.created_at >= span.first AND q.created_at < span.last
                   AND ($3::text IS NULL OR q.customer = $3)
           )
           SELECT count(*) AS asked, count(q.order_id) AS won FROM asked LEFT JOIN quote AS q ON q.id = asked.id""",
        scope.from_date,
        scope.to_date,
        scope.customer,
    )
    return (0, 0) if row is None else (row["won"], row["asked"])


async def sum_delivered(connection: Connection, scope: Scope) -> dict[str, int]:
    """How much has left for customers in the period, by sku, in millionths."""
    rows = await connection.fetch(
        """SELECT sku, sum(shipped)::bigint AS quantity FROM order_line
           WHERE actual_date BETWEEN $1 AND $2 AND shipped > 0 AND ($3::text IS NULL OR sku = $3) GROUP BY sku""",
        scope.from_date,
        scope.to_date,
        scope.sku,
    )
    return {row["sku"]: row["quantity"] for row in rows}

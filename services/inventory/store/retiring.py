"""What a snapshot has not named, and what else would miss it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from shared.database import Session

_LEFT = text("""
    SELECT d.id FROM definition AS d
     WHERE d.kind = :kind AND d.id > :after AND d.revision > 0 AND NOT d.retired AND d.updated_at < :before
       AND (CAST(:site AS text) IS NULL OR d.body ->> :site_field = :site)
       AND NOT EXISTS (SELECT FROM import_named AS n WHERE n.job = :job AND n.key = d.id)
     ORDER BY d.id LIMIT :limit
""")
_TERMS = (
    "SELECT 1 AS n, body ->> '{field}' AS id, 'supplier item ' || id AS place FROM definition WHERE kind = 'supplier-item' AND NOT retired"
)
_RECEIPTS = "SELECT 2 AS n, {column} AS id, 'open receipt ' || receipt_id AS place FROM receipt WHERE status = 'open'"
_STOCK = "SELECT 0 AS n, sku AS id, 'stock in ' || site AS place FROM stock_position WHERE on_hand <> 0 OR blocked <> 0"
_LANES = "SELECT 3 AS n, body ->> 'sku' AS id, 'lane ' || id AS place FROM definition WHERE kind = 'lane' AND NOT retired"
_STOCK_THERE = _STOCK.replace("sku AS id, 'stock in ' || site", "site AS id, 'stock of ' || sku")
_RECEIPTS_THERE = """
    SELECT 2 AS n, split_part(c.key, '|', 2) AS id, 'open receipt ' || r.receipt_id AS place
      FROM receipt_concern AS c JOIN receipt AS r ON r.receipt_id = c.receipt_id AND r.status = 'open'
"""
_DEPENDING = {
    "site": (
        _STOCK_THERE,
        _TERMS.format(field="site"),
        _RECEIPTS_THERE,
        _LANES.replace("'sku'", "'from_site'"),
        _LANES.replace("'sku'", "'to'"),
    ),
    "supplier": (_TERMS.format(field="supplier"), _RECEIPTS.format(column="supplier")),
    "item": (_STOCK, _TERMS.format(field="sku"), _RECEIPTS.format(column="sku"), _LANES),
}
_PLACES = {
    kind: text(f"""
        SELECT DISTINCT ON (id) id, place FROM ({" UNION ALL ".join(places)}) AS p
         WHERE id = ANY(CAST(:ids AS text[])) ORDER BY id, n, place
    """)
    for kind, places in _DEPENDING.items()
}


async def list_definitions_left(
    session: Session, kind: str, job: str, before: datetime, after: str, limit: int, *, site: str | None, site_field: str | None
) -> list[str]:
    """The ids, behind one, of what was defined before the import began and what the import, or that of one site, has not named."""
    values = {"kind": kind, "job": job, "before": before, "after": after, "limit": limit, "site": site, "site_field": site_field or ""}
    return [row.id for row in (await session.execute(_LEFT, values)).all()]


async def find_places(session: Session, kind: str, ids: Sequence[str]) -> dict[str, str]:
    """Of those of these definitions on which something depends, the first place that does."""
    if kind not in _PLACES or not ids:
        return {}
    return {row.id: row.place for row in (await session.execute(_PLACES[kind], {"ids": list(ids)})).all()}

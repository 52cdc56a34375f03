"""What may go into what, for the search for cycles."""

from collections.abc import Iterable

from sqlalchemy import text

from shared.database import Session

_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.goes_in', 0)) FROM set_config('lock_timeout', '3s', true)"
)
_BELOW = text("""
    WITH RECURSIVE below AS (
        SELECT name COLLATE "C" AS name FROM unnest(CAST(:skus AS text[])) AS named(name)
        UNION
        SELECT g.component FROM goes_in g JOIN below ON g.product = below.name
    )
    SELECT g.product, g.component FROM goes_in g JOIN below ON g.product = below.name
""")
_CLEAR = text("DELETE FROM goes_in WHERE product = :product AND component <> ALL(CAST(:components AS text[]))")
_ADD = text("""
    INSERT INTO goes_in (product, component) SELECT :product, name FROM unnest(CAST(:components AS text[])) AS named(name)
        ON CONFLICT DO NOTHING
""")


async def lock_bills(session: Session) -> None:
    """Let nobody else change a bill of material until the transaction ends: two that are right alone may make a cycle together."""
    await session.execute(_LOCK)


async def list_below(session: Session, skus: Iterable[str]) -> dict[str, set[str]]:
    """The direct components of these products and of everything below them, at any depth."""
    below: dict[str, set[str]] = {}
    for row in (await session.execute(_BELOW, {"skus": sorted(skus)})).all():
        below.setdefault(row.product, set()).add(row.component)
    return below


async def save_goes_in(session: Session, product: str, components: Iterable[str]) -> None:
    """Replace what may go into a product."""
    values = {"product": product, "components": sorted(set(components))}
    await session.execute(_CLEAR, values)
    await session.execute(_ADD, values)

"""Whose schema is this, and is it as new as this code? Asked at every start; answered without Alembic, which is slow to load."""

from pathlib import Path

import asyncpg

from shared.settings import CannotStartError

ROOT = Path(__file__).resolve().parent.parent
VERSION_TABLE = "schema_version"
ACCESS = "access"
"""The schema of the API keys; its revisions lie in `shared/access_migrations`."""


class ForeignSchemaError(CannotStartError):
    """The schema belongs to another installation, or to nobody we know."""


class NotMigratedError(CannotStartError):
    """The schema is missing or older than this code."""


def directory(service: str) -> Path:
    """Where the revisions of a service lie."""
    return ROOT / "shared" / "access_migrations" if service == ACCESS else ROOT / "services" / service / "migrations"


def services() -> list[str]:
    """Every service that has tables, by name."""
    return sorted(found.parents[1].name for found in (ROOT / "services").glob("*/migrations/versions") if _numbers(found))


def _numbers(versions: Path) -> list[str]:
    return sorted(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))


def newest(service: str) -> str | None:
    """The newest revision this code has of a schema; None when it has none."""
    return max(_numbers(directory(service) / "versions"), default=None)


async def check(connection: asyncpg.Connection, schema: str, installation_id: str) -> None:
    """Raise NotMigratedError or ForeignSchemaError unless `schema` is there, ours, and not older than this code."""
    found = await connection.fetchrow(
        "SELECT to_regnamespace($1::text) IS NOT NULL AS there, to_regclass($1::text || '.installation') IS NOT NULL AS marked,"
        " to_regclass($1::text || '.' || $2::text) IS NOT NULL AS versioned",
        schema,
        VERSION_TABLE,
    )
    if found is None or not found["there"]:
        raise NotMigratedError(f"the schema {schema} does not exist: run `pledge migrate`")
    if not found["marked"]:
        raise ForeignSchemaError(f"the schema {schema} is not Pledge's: it carries no installation id; use another database")
    owner = await connection.fetchval(f'SELECT id FROM "{schema}".installation')
    if owner != installation_id:
        raise ForeignSchemaError(f"the schema {schema} belongs to installation {owner!r}, not to {installation_id!r}: use another database")
    versions = f'SELECT version_num FROM "{schema}".{VERSION_TABLE}'
    at = await connection.fetchval(versions) if found["versioned"] else None
    wanted = newest(schema)
    if wanted is not None and (at is None or at < wanted):
        raise NotMigratedError(f"the schema {schema} is at {at or 'no'} revision, this code needs {wanted}: run `pledge migrate`")

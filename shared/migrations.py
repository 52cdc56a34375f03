"""How the tables get here: one schema per service, Alembic revisions in files, all or nothing, safe to run twice at once.

A revision's id is the number that its file begins with: `0001_stock.py` holds `revision = "0001"`.
"""

import hashlib
from pathlib import Path
from typing import Protocol

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared import database
from shared.ownership import ACCESS, VERSION_TABLE, ForeignSchemaError, directory, newest, services


class Ddl(Protocol):
    """What shared table definitions need of Alembic's `op`."""

    def execute(self, sqltext: str, /) -> None:
        """Run a script of one or more statements."""


async def upgrade(url: str, service: str, installation_id: str) -> None:
    """Bring one service's schema to the newest revision, in one transaction; others who do the same wait for it."""

    async def connect(*_: object, **__: object) -> asyncpg.Connection:
        settings = {"search_path": service, "application_name": "pledge-migrate", "timezone": "UTC"}
        return await database.connect(url, settings)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, service, installation_id)
    finally:
        await engine.dispose()


async def upgrade_all(url: str, installation_id: str) -> None:
    """Bring the schema of the API keys and of every service to the newest revision."""
    for service in (ACCESS, *services()):
        await upgrade(url, service, installation_id)


def _upgrade(connection: Connection, service: str, installation_id: str) -> None:
    lock = int.from_bytes(hashlib.sha256(f"pledge migrate {service}".encode()).digest()[:8], signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    _claim_schema(connection, service, installation_id)
    _run_revisions(connection, service)


def _claim_schema(connection: Connection, service: str, installation_id: str) -> None:
    """Make the schema and mark it ours; refuse what is somebody else's."""
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{service}"'))
    marked = connection.scalar(text("SELECT to_regclass(:name)"), {"name": f"{service}.installation"}) is not None
    if not marked:
        strangers = connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = :schema"), {"schema": service})
        if strangers:
            raise ForeignSchemaError(f"the schema {service} holds {strangers} tables that are not Pledge's: use another database")
        connection.execute(text("CREATE TABLE installation (id text PRIMARY KEY)"))
        connection.execute(text("INSERT INTO installation (id) VALUES (:id)"), {"id": installation_id})
    owner = connection.scalar(text("SELECT id FROM installation"))
    if owner != installation_id:
        raise ForeignSchemaError(
            f"the schema {service} belongs to installation {owner!r}, not to {installation_id!r}: use another database"
        )


def _run_revisions(connection: Connection, service: str) -> None:
    from alembic.config import Config  # noqa: PLC0415 -- only who migrates waits for Alembic to load
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    from shared import scripted  # noqa: F401, PLC0415 -- lets `op.execute` take whole scripts

    script = ScriptDirectory(str(directory(service)))
    for revision in script.walk_revisions():
        if Path(revision.path).name.partition("_")[0] != revision.revision:
            raise ValueError(f"{revision.path}: the file's number must be its revision, which is {revision.revision!r}")
    at = connection.scalar(text("SELECT to_regclass(:name)"), {"name": f"{service}.{VERSION_TABLE}"})
    current = connection.scalar(text("SELECT version_num FROM schema_version")) if at is not None else None
    wanted = newest(service)
    if wanted is None or (current is not None and current >= wanted):
        return  # newer is fine: during a rolling upgrade the old code may meet the new schema
    environment = EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _context: script._upgrade_revs("head", revision),  # noqa: SLF001 -- how alembic.command does it
        destination_rev="head",
    )
    with environment:
        environment.configure(connection=connection, version_table=VERSION_TABLE, transaction_per_migration=False)
        environment.run_migrations()

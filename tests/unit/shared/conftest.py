"""A database with the keys' schema and a schema `trial` that holds the shared tables, and the trial service on it."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from shared import access, idempotency, outbox
from shared.database import Database
from tests.running import RunningPostgres
from tests.unit.shared.applications import INSTALLATION, application, client, settings


class Statements(list[str]):
    """Stands for Alembic's `op`: keeps what it is told to run."""

    def execute(self, sqltext: str, /) -> None:
        self.append(sqltext)


@pytest.fixture(scope="module")
async def trial_url(postgres: RunningPostgres) -> AsyncIterator[str]:
    url = await postgres.create_empty()
    await access.migrate(url, INSTALLATION)
    statements = Statements()
    outbox.create_tables(statements)
    idempotency.create_tables(statements)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE SCHEMA trial; SET search_path = trial; CREATE TABLE note (text text);" + ";".join(statements))
    await connection.close()
    yield url
    await postgres.drop(url)


@pytest.fixture
async def trial_database(trial_url: str) -> AsyncIterator[Database]:
    database = Database(trial_url, "trial", pool_size=4)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def app(trial_url: str) -> AsyncIterator[FastAPI]:
    made = application(settings(trial_url))
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture(scope="module")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client(app) as made:
        yield made

"""Does a session end as its block ends, wait only so long, and start only on a schema that is ours?"""

import asyncio
import json
import uuid
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.types import Message, Receive, Scope, Send

from shared import migrations, ownership
from shared.contracts.inventory import Heartbeat
from shared.database import Database, ForeignSchemaError, NotMigratedError, Session, UnreachableError, as_problem, db_now, without_password
from shared.outbox import INSERT_SQL, Event, append, as_row
from tests.unit.shared.applications import AS_DEVELOPER, INSTALLATION, application, client, settings

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)


def a_heartbeat(key: str) -> Event:
    return Event(topic="inventory.stock.v1", key=key, type="t.v1", subject=key, data=Heartbeat(as_of=NOW), occurred_at=NOW)


async def count(database: Database, note: str) -> int:
    async with database.read() as session:
        return int((await session.execute(text("SELECT count(*) FROM note WHERE text = :note"), {"note": note})).scalar_one())


async def test_a_transaction_commits_at_its_end_and_rolls_back_when_it_raises(trial_database: Database) -> None:
    async with trial_database.transaction() as session:
        await session.execute(text("INSERT INTO note VALUES ('kept')"))
    with pytest.raises(RuntimeError):  # noqa: PT012 -- the block's end is what is tested
        async with trial_database.transaction() as session:
            await session.execute(text("INSERT INTO note VALUES ('lost')"))
            raise RuntimeError
    assert (await count(trial_database, "kept"), await count(trial_database, "lost")) == (1, 0)


async def test_reading_cannot_write_and_leaves_the_connection_able_to(trial_database: Database) -> None:
    one = Database(trial_database.dsn, "trial", pool_size=1)
    with pytest.raises(DBAPIError, match="read-only"):
        async with one.read() as session:
            await session.execute(text("INSERT INTO note VALUES ('sneaked')"))
    async with one.transaction() as session:
        await session.execute(text("INSERT INTO note VALUES ('written')"))
    await one.close()
    assert (await count(trial_database, "sneaked"), await count(trial_database, "written")) == (0, 1)


async def test_the_answer_leaves_after_the_commit(app: FastAPI, trial_url: str) -> None:
    connection = await asyncpg.connect(trial_url)
    seen: list[str | None] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(await connection.fetchval("SELECT body FROM trial.idempotency WHERE key = 'after-commit'"))
            await send(message)

        await app(scope, receive, sending)

    transport = httpx.ASGITransport(watched)
    async with httpx.AsyncClient(transport=transport, base_url="http://trial", headers=AS_DEVELOPER) as http:
        answer = await http.post("/v1/notes", json={}, headers={"Idempotency-Key": "after-commit"})
    await connection.close()
    assert [json.loads(body or "null") for body in seen] == [answer.json()]


async def test_a_lock_is_waited_for_a_quarter_of_a_second_and_then_the_caller_is_told_to_come_back(trial_database: Database) -> None:
    async with trial_database.transaction() as holder:
        await holder.execute(text("LOCK TABLE note IN EXCLUSIVE MODE"))
        with pytest.raises(DBAPIError) as raised:
            async with trial_database.transaction() as waiter:
                await waiter.execute(text("INSERT INTO note VALUES ('waiting')"))
    problem = as_problem(raised.value)
    assert problem is not None
    assert (problem.status, problem.code) == (503, "BUSY")


async def test_work_that_lost_against_another_transaction_is_done_again(trial_database: Database) -> None:
    async with trial_database.transaction() as session:
        await session.execute(text("INSERT INTO note VALUES ('one'), ('two')"))
    both = asyncio.Barrier(2)
    attempts = 0

    async def update(first: str, second: str) -> None:
        async def work(session: Session) -> None:
            nonlocal attempts
            attempts += 1
            await session.execute(text("UPDATE note SET text = text WHERE text = :note"), {"note": first})
            if attempts <= 2:
                await both.wait()
            await session.execute(text("UPDATE note SET text = text WHERE text = :note"), {"note": second})

        await trial_database.run(work)

    await asyncio.gather(update("one", "two"), update("two", "one"))
    assert attempts >= 3


async def test_a_mistake_of_ours_is_not_tried_again(trial_database: Database) -> None:
    attempts = 0

    async def work(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        await session.execute(text("SELECT nothing"))

    with pytest.raises(DBAPIError) as raised:
        await trial_database.run(work)
    assert attempts == 1
    assert as_problem(raised.value) is None


async def test_now_is_the_statement_s_time_and_aware(trial_database: Database) -> None:
    async with trial_database.transaction() as session:
        first = await db_now(session)
        assert await db_now(session) > first
        assert first.tzinfo is not None


async def test_a_database_that_is_away_is_a_503(http: httpx.AsyncClient, trial_url: str) -> None:
    app = application(settings(trial_url))
    async with app.router.lifespan_context(app):
        app.state.database = Database("postgresql://nobody@127.0.0.1:1/nothing", "trial")
        async with client(app) as lonely:
            answer = await lonely.get("/v1/now")
            ready = await lonely.get("/readyz")
            alive = await lonely.get("/livez")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "DATABASE_UNAVAILABLE", "2")
    assert ready.status_code == 503
    assert ready.json()["checks"][0]["name"] == "database"
    assert not ready.json()["checks"][0]["ok"]
    assert alive.status_code == 200


async def test_events_stand_in_the_outbox_in_the_order_of_their_saying(trial_database: Database, trial_url: str) -> None:
    async with trial_database.transaction() as session:
        append(session, a_heartbeat("a"), a_heartbeat("b"))
        append(session, a_heartbeat("c"))
    connection = await asyncpg.connect(trial_url, server_settings={"search_path": "trial"})
    await connection.executemany(INSERT_SQL, [as_row(a_heartbeat("d"))])
    rows = await connection.fetch("SELECT * FROM outbox ORDER BY id")
    await connection.close()
    assert [row["aggregateid"] for row in rows] == ["a", "b", "c", "d"]
    assert {row["aggregatetype"] for row in rows} == {"inventory.stock.v1"}
    assert json.loads(rows[0]["payload"]) == {"as_of": "2026-12-01T10:00:00Z"}
    assert all(isinstance(row["event_id"], uuid.UUID) and row["sent_at"] is None for row in rows)


async def test_migrating_twice_at_once_is_migrating_once(empty_database: str) -> None:
    await asyncio.gather(*(migrations.upgrade(empty_database, ownership.ACCESS, INSTALLATION) for _ in range(3)))
    database = Database(empty_database, ownership.ACCESS)
    await database.start(INSTALLATION)
    await database.close()


async def test_every_schema_migrates_and_is_ours_afterwards(empty_database: str) -> None:
    await migrations.upgrade_all(empty_database, INSTALLATION)
    for schema in (ownership.ACCESS, *ownership.services()):
        database = Database(empty_database, schema)
        await database.start(INSTALLATION)
        await database.close()
        with pytest.raises(ForeignSchemaError, match="belongs to installation 'test'"):
            await Database(empty_database, schema).start("another")
        with pytest.raises(ForeignSchemaError):
            await migrations.upgrade(empty_database, schema, "another")


async def test_a_schema_of_somebody_else_is_left_alone(empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    await connection.execute("CREATE SCHEMA access; CREATE TABLE access.theirs (id int)")
    with pytest.raises(ForeignSchemaError, match="not Pledge's"):
        await migrations.upgrade(empty_database, ownership.ACCESS, INSTALLATION)
    with pytest.raises(ForeignSchemaError, match="not Pledge's"):
        await Database(empty_database, ownership.ACCESS).start(INSTALLATION)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'access'") == 1
    await connection.close()


async def test_an_older_schema_is_refused_and_a_newer_one_is_not(empty_database: str) -> None:
    database = Database(empty_database, ownership.ACCESS)
    with pytest.raises(NotMigratedError, match="run `pledge migrate`"):
        await database.start(INSTALLATION)
    await migrations.upgrade(empty_database, ownership.ACCESS, INSTALLATION)
    connection = await asyncpg.connect(empty_database)
    await connection.execute("UPDATE access.schema_version SET version_num = '0000'")
    with pytest.raises(NotMigratedError, match="this code needs 0002"):
        await database.start(INSTALLATION)
    await connection.execute("UPDATE access.schema_version SET version_num = '9999'")
    await connection.close()
    await database.start(INSTALLATION)
    await migrations.upgrade(empty_database, ownership.ACCESS, INSTALLATION)
    await database.close()


@pytest.mark.parametrize(
    "url", ["postgresql://me:secret@127.0.0.1:1/x", "postgresql://me:secret@nowhere.invalid/x", "postgresql://me:secret@127.0.0.1:port/x"]
)
async def test_a_wrong_url_is_one_line_without_the_password(url: str) -> None:
    with pytest.raises(UnreachableError) as raised:
        await Database(url, "trial").start(INSTALLATION)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(UnreachableError):
        await migrations.upgrade(url, "trial", INSTALLATION)


def test_a_url_is_shown_without_its_password() -> None:
    assert without_password("postgresql://me:p@ss@host:5432/db?password=x") == "postgresql://me@host:5432/db"
    assert without_password("postgresql://host/db") == "postgresql://host/db"

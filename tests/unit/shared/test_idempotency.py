"""Does a call that is sent twice have one effect and one answer?"""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from shared.database import Database, Session
from shared.idempotency import once
from shared.problems import Problem, conflict, unprocessable

ANSWER = (200, {"id": "ord_1", "replayed": False})


async def write(session: Session, note: str) -> None:
    await session.execute(text("INSERT INTO note VALUES (:note)"), {"note": note})


async def notes(database: Database, note: str) -> int:
    async with database.read() as session:
        return int((await session.execute(text("SELECT count(*) FROM note WHERE text = :note"), {"note": note})).scalar_one())


async def call(database: Database, key: str | None, body: bytes = b"{}", *, effect: str = "", error: Problem | None = None) -> Any:
    async with database.transaction() as session:

        async def work() -> tuple[int, dict[str, Any]]:
            if effect:
                await write(session, effect)
            if error is not None:
                raise error
            return ANSWER

        return await once(session, "key:crm", key, "POST", "/v1/orders", body, work)


async def test_the_second_call_gets_the_first_answer_and_does_nothing(trial_database: Database) -> None:
    assert await call(trial_database, "a", effect="once") == ANSWER
    assert await call(trial_database, "a", effect="once") == (200, {"id": "ord_1", "replayed": True})
    assert await notes(trial_database, "once") == 1


async def test_without_a_key_every_call_counts(trial_database: Database) -> None:
    for key in (None, "", None):
        assert await call(trial_database, key, effect="each") == ANSWER
    assert await notes(trial_database, "each") == 3


async def test_another_body_method_or_path_under_the_same_key_is_refused(trial_database: Database) -> None:
    await call(trial_database, "b", b'{"quantity": 1}')
    with pytest.raises(Problem) as raised:
        await call(trial_database, "b", b'{"quantity": 2}')
    assert (raised.value.status, raised.value.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    async with trial_database.transaction() as session:
        with pytest.raises(Problem):
            await once(session, "key:crm", "b", "POST", "/v1/orders/1/cancel", b'{"quantity": 1}', lambda: asyncio.sleep(0, ANSWER))


async def test_a_key_belongs_to_its_caller(trial_database: Database) -> None:
    await call(trial_database, "c")
    async with trial_database.transaction() as session:
        other = await once(session, "key:shop", "c", "POST", "/v1/orders", b"other", lambda: asyncio.sleep(0, ANSWER))
    assert other == ANSWER


async def test_a_conflict_is_kept_and_undoes_what_was_done(trial_database: Database) -> None:
    first = await call(trial_database, "d", effect="undone", error=conflict("TAKEN", "Taken.", offer={"quantity": 3}))
    assert first[0] == 409
    assert first[1]["offer"] == {"quantity": 3}
    assert await call(trial_database, "d", effect="undone") == (409, {**first[1], "replayed": True})
    assert await notes(trial_database, "undone") == 0


async def test_what_is_malformed_or_fails_leaves_the_key_free(trial_database: Database) -> None:
    with pytest.raises(Problem):
        await call(trial_database, "e", effect="gone", error=unprocessable("BAD", "Bad."))
    assert await call(trial_database, "e") == ANSWER
    assert await notes(trial_database, "gone") == 0


async def test_a_refusal_must_be_raised_and_cannot_be_returned(trial_database: Database) -> None:
    async with trial_database.transaction() as session:
        with pytest.raises(ValueError, match="422"):
            await once(session, "key:crm", "f", "POST", "/", b"", lambda: asyncio.sleep(0, (422, {})))


async def test_while_the_first_call_runs_the_second_waits_briefly_and_is_told_to_come_back(trial_database: Database) -> None:
    holding, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> tuple[int, dict[str, Any]]:
        holding.set()
        await go_on.wait()
        return ANSWER

    async def first() -> Any:
        async with trial_database.transaction() as session:
            return await once(session, "key:crm", "g", "POST", "/v1/orders", b"{}", slowly)

    running = asyncio.create_task(first())
    await holding.wait()
    with pytest.raises(Problem) as raised:
        await call(trial_database, "g")
    assert (raised.value.status, raised.value.headers["Retry-After"]) == (503, "1")
    go_on.set()
    assert await running == ANSWER
    assert (await call(trial_database, "g"))[1]["replayed"] is True


async def test_sixteen_at_once_have_one_effect_and_one_answer(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(http.post("/v1/notes", json={}, headers={"Idempotency-Key": "rush"}) for _ in range(16)))
    bodies = [answer.json() for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert len({body["at"] for body in bodies}) == 1
    assert sum(not body["replayed"] for body in bodies) == 1


async def test_answers_are_forgotten_after_thirty_days_by_later_calls(trial_database: Database, trial_url: str) -> None:
    await call(trial_database, "old")
    connection = await asyncpg.connect(trial_url)
    await connection.execute("UPDATE trial.idempotency SET created_at = now() - interval '31 days' WHERE key = 'old'")
    await call(trial_database, "new one")
    left = await connection.fetchval("SELECT count(*) FROM trial.idempotency WHERE key = 'old'")
    await connection.close()
    assert left == 0
    assert await call(trial_database, "old", b"another body") == ANSWER


async def test_a_key_that_is_just_being_forgotten_counts_as_new(trial_database: Database, trial_url: str) -> None:
    await call(trial_database, "older")
    connection = await asyncpg.connect(trial_url)
    await connection.execute("UPDATE trial.idempotency SET created_at = now() - interval '31 days' WHERE key = 'older'")
    await connection.close()
    assert await call(trial_database, "older", b"another body") == ANSWER


@pytest.mark.parametrize("key", ["x" * 256, "a\nb"])
async def test_a_key_that_cannot_be_kept_is_a_422(trial_database: Database, key: str) -> None:
    with pytest.raises(Problem) as raised:
        await call(trial_database, key)
    assert raised.value.status == 422

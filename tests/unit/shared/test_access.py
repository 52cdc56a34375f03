"""Who gets in, with what, for how long?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import httpx
import pytest

from shared import access
from shared.access import Caller, Keyring, Scope, TooManyKeysError, create_key, is_loopback, list_keys, revoke_key
from shared.database import ForeignSchemaError
from shared.problems import Problem
from shared.settings import CannotStartError
from tests.running import RunningPostgres
from tests.unit.shared.applications import DEVELOPMENT_KEY, INSTALLATION, PEPPER

READ = frozenset({Scope.QUOTE_READ})
ORDER = {"lines": [{"sku": "A", "quantity": 1}]}


@pytest.fixture
async def keyring(trial_url: str) -> AsyncIterator[Keyring]:
    made = Keyring(trial_url, PEPPER, DEVELOPMENT_KEY, "127.0.0.1")
    await made.start(INSTALLATION)
    yield made
    await made.close()


async def status(http: httpx.AsyncClient, authorization: str | None) -> tuple[int, str]:
    request = http.build_request("POST", "/v1/orders", json=ORDER)
    del request.headers["authorization"]
    if authorization is not None:
        request.headers["authorization"] = authorization
    answer = await http.send(request)
    return answer.status_code, answer.json().get("code", "")


async def test_without_a_good_key_nobody_gets_in(http: httpx.AsyncClient) -> None:
    assert await status(http, None) == (401, "UNAUTHENTICATED")
    assert await status(http, "Bearer ") == (401, "UNAUTHENTICATED")
    assert await status(http, "Basic YTpi") == (401, "UNAUTHENTICATED")
    assert await status(http, "Bearer wrong") == (401, "INVALID_KEY")
    assert await status(http, "Bearer plk_abcdefgh_" + "x" * 43) == (401, "INVALID_KEY")
    assert (await http.get("/v1/orders", headers={"Authorization": ""})).headers["www-authenticate"] == "Bearer"


async def test_a_new_key_works_at_once_within_its_scopes(http: httpx.AsyncClient, trial_url: str) -> None:
    key, record = await create_key(trial_url, PEPPER, name="shop", scopes=READ)
    assert key.startswith(f"plk_{record.prefix}_")
    assert len(key) == len("plk_12345678_") + 43
    assert await status(http, f"Bearer {key}") == (200, "")
    assert await status(http, f"bearer  {key} ") == (200, "")
    refused = await http.post("/v1/notes", json={}, headers={"Authorization": f"Bearer {key}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert "stock:write" in refused.json()["detail"]


async def test_a_key_is_kept_as_a_hash_under_the_pepper(trial_url: str, keyring: Keyring) -> None:
    key, _ = await create_key(trial_url, "another pepper", name="elsewhere", scopes=READ)
    assert await keyring.authenticate(key) is None
    connection = await asyncpg.connect(trial_url)
    stored = await connection.fetchval("SELECT string_agg(k::text, ' ') FROM access.api_key k")
    await connection.close()
    assert key not in stored
    assert key.split("_", 2)[2] not in stored


async def test_a_caller_stays_the_same_through_a_change_of_keys_and_has_two_at_most(trial_url: str, keyring: Keyring) -> None:
    old, record = await create_key(trial_url, PEPPER, name="crm", scopes=READ)
    new, _ = await create_key(trial_url, PEPPER, name="crm", scopes=READ)
    assert await keyring.authenticate(old) == await keyring.authenticate(new) == Caller("key:crm", READ, "crm")
    with pytest.raises(TooManyKeysError):
        await create_key(trial_url, PEPPER, name="crm", scopes=READ)
    assert await revoke_key(trial_url, record.prefix)
    assert not await revoke_key(trial_url, record.prefix)
    await create_key(trial_url, PEPPER, name="crm", scopes=READ)


async def test_two_that_make_the_third_key_at_once_make_one_between_them(trial_url: str) -> None:
    made = await asyncio.gather(*(create_key(trial_url, PEPPER, name="racer", scopes=READ) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, tuple) for result in made) == access.LIVE_KEYS_PER_NAME


async def test_a_revoked_key_stops_within_seconds(trial_url: str, keyring: Keyring) -> None:
    key, _ = await create_key(trial_url, PEPPER, name="leaver", scopes=READ)
    assert await keyring.authenticate(key) is not None
    await revoke_key(trial_url, key)
    async with asyncio.timeout(access.REFRESH_SECONDS + 2):
        while await keyring.authenticate(key) is not None:
            await asyncio.sleep(0.05)


async def test_a_key_ends_at_its_instant_and_not_at_the_next_reading(trial_url: str, keyring: Keyring) -> None:
    key, _ = await create_key(trial_url, PEPPER, name="guest", scopes=READ, lifetime=timedelta(milliseconds=400))
    assert await keyring.authenticate(key) is not None
    connection = await asyncpg.connect(trial_url)
    await connection.execute("UPDATE access.api_key SET expires_at = clock_timestamp() + interval '1 day' WHERE name = 'guest'")
    await connection.close()
    await asyncio.sleep(0.45)  # what is tested is time itself; the reading before the update is what the keyring knows
    async with asyncio.timeout(access.REFRESH_SECONDS + 2):
        while await keyring.authenticate(key) is None:  # refused at first, then the longer life is read
            await asyncio.sleep(0.05)


async def test_the_list_shows_everything_but_the_key(trial_url: str) -> None:
    key, record = await create_key(trial_url, PEPPER, name="listed", scopes=READ, lifetime=timedelta(days=1))
    listed = next(found for found in await list_keys(trial_url) if found.prefix == record.prefix)
    assert listed == record
    assert listed.expires_at is not None
    assert key not in repr(listed)


async def test_the_development_key_counts_on_loopback_alone(trial_url: str, keyring: Keyring) -> None:
    developer = await keyring.authenticate(DEVELOPMENT_KEY)
    assert developer is not None
    assert developer.scopes == frozenset(Scope)
    public = Keyring(trial_url, PEPPER, DEVELOPMENT_KEY, "0.0.0.0")
    await public.start(INSTALLATION)
    assert await public.authenticate(DEVELOPMENT_KEY) is None
    await public.close()


@pytest.mark.parametrize(
    ("host", "yes"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("db", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, yes: bool) -> None:  # noqa: FBT001
    assert is_loopback(host) is yes


async def test_many_unknown_keys_at_once_share_the_looks_at_the_table(trial_url: str, keyring: Keyring) -> None:
    connection = await asyncpg.connect(trial_url)
    seen = "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_all_tables WHERE schemaname = 'access' AND relname = 'api_key'"
    before = await connection.fetchval(seen)
    assert await asyncio.gather(*(keyring.authenticate(f"guess {n}") for n in range(300))) == [None] * 300
    await keyring.close()  # a backend reports what it did when it ends
    async with asyncio.timeout(5):
        while (after := await connection.fetchval(seen)) == before:
            await asyncio.sleep(0.05)
    await connection.close()
    assert after - before < 30


async def test_known_keys_go_on_while_the_database_is_away_and_unknown_ones_are_told_to_come_back(postgres: RunningPostgres) -> None:
    url = await postgres.create_empty()
    await access.migrate(url, INSTALLATION)
    key, _ = await create_key(url, PEPPER, name="steady", scopes=READ)
    keyring = Keyring(url, PEPPER, None, "127.0.0.1")
    await keyring.start(INSTALLATION)
    await postgres.drop(url)
    assert await keyring.authenticate(key) is not None
    with pytest.raises(Problem) as raised:
        await keyring.authenticate("unknown")
    assert raised.value.status == 503
    await keyring.close()


async def test_a_stranger_s_or_missing_schema_is_refused_at_start(trial_url: str, empty_database: str) -> None:
    with pytest.raises(ForeignSchemaError):
        await Keyring(trial_url, PEPPER, None, "127.0.0.1").start("another installation")
    with pytest.raises(CannotStartError, match="pledge migrate"):
        await Keyring(empty_database, PEPPER, None, "127.0.0.1").start(INSTALLATION)
    with pytest.raises(CannotStartError, match="does not answer"):
        await Keyring("postgresql://nobody:secret@127.0.0.1:1/x", PEPPER, None, "127.0.0.1").start(INSTALLATION)

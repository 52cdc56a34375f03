"""Do the parts that tests stand on really run?"""

import asyncpg

from deploy.local.ports import LOOPBACK, answers
from tests.running import RunningBroker, RunningPostgres


async def test_an_empty_database_is_real_postgresql_that_keeps_what_it_commits(empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    try:
        version = await connection.fetchval("SHOW server_version_num")
        durable = await connection.fetchval("SHOW fsync")
    finally:
        await connection.close()
    assert int(version) >= 150000
    assert durable == "on"


async def test_a_broker_that_was_stopped_comes_back_on_the_same_address(started_broker: RunningBroker, kafka: str) -> None:
    port = int(kafka.rpartition(":")[2])
    assert answers(LOOPBACK, port)
    started_broker.stop()
    assert not answers(LOOPBACK, port)
    started_broker.start()
    assert started_broker.bootstrap == kafka
    assert answers(LOOPBACK, port)


async def test_databases_of_two_modules_are_strangers(postgres: RunningPostgres) -> None:
    first, second = await postgres.create_empty(), await postgres.create_empty()
    assert first != second
    await postgres.drop(first)
    await postgres.drop(second)

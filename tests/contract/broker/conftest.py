"""The two brokers that must keep the same promise, and an outbox to say things from."""

import secrets
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from deploy.local.broker import BrokerServer
from deploy.local.kafka_server import KafkaMissingError, KafkaServer
from shared.broker import Broker
from tests.contract.broker.parts import SCHEMA, Owner, Statements
from tests.running import RunningPostgres, Workplace

EMBEDDED, APACHE = "embedded", "apache"
Server = BrokerServer | KafkaServer


@pytest.fixture(scope="module", params=[EMBEDDED, pytest.param(APACHE, marks=pytest.mark.kafka)])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Give a running broker of either make that tests may stop, kill and start again."""
    with Workplace() as directory:
        chosen: Server = BrokerServer(directory / "broker") if request.param == EMBEDDED else KafkaServer(directory / "broker")
        try:
            chosen.start()
        except KafkaMissingError as missing:
            pytest.skip(f"not run on Apache Kafka: {missing}")
        try:
            chosen.wait_ready()
            yield chosen
        finally:
            chosen.stop()


@pytest.fixture(scope="module")
def embedded() -> Iterator[BrokerServer]:
    """Give the embedded broker alone."""
    with Workplace() as directory:
        chosen = BrokerServer(directory / "broker")
        chosen.start()
        try:
            chosen.wait_ready()
            yield chosen
        finally:
            chosen.stop()


@pytest.fixture
def topic() -> str:
    """Give a topic name that no other test uses."""
    return f"test.t{secrets.token_hex(4)}.v1"


@pytest.fixture
async def broker(server: Server) -> AsyncIterator[Broker]:
    """Give a client of either broker."""
    async with Broker(server.bootstrap, "test") as client:
        yield client


@pytest.fixture
async def owner(postgres: RunningPostgres) -> AsyncIterator[Owner]:
    """Give a schema with the tables of someone who says and hears things."""
    url = await postgres.create_empty()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE SCHEMA {SCHEMA}; SET search_path = {SCHEMA}")
        for statement in Statements.of_a_service():
            await connection.execute(statement)
        yield Owner(url, connection)
    finally:
        await connection.close()
        await postgres.drop(url)

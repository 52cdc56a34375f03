"""What every test may ask for: `postgres`, `database`, `kafka`, `a_service`. tests/running.py says what they are."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.examples import EXAMPLES_OF_A_MUTANT, EXAMPLES_OF_A_SOAK, PROFILE
from tests.running import RunningBroker, RunningPostgres, ServiceStarter, Workplace

TESTS = Path(__file__).parent

# A busy machine is no failure, so there is no deadline per example. `make test` asks the same examples of the same code every time: its
# answer says something about the change, not about luck. `make soak` looks for new ones, a hundred times as far.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile(
    "soak", deadline=None, derandomize=False, max_examples=EXAMPLES_OF_A_SOAK, suppress_health_check=[HealthCheck.too_slow]
)
# That a changed rule is seen is enough: nobody asks for the smallest example that shows it. `unhurried` tries as many as `make test`.
for name, count in (("mutants", EXAMPLES_OF_A_MUTANT), ("unhurried", 100)):
    settings.register_profile(
        name,
        deadline=None,
        derandomize=True,
        max_examples=count,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
settings.load_profile(PROFILE)


_LONG_FIRST = ("journey", "service", "deploy", "integrate", "browser", "contract", "cases")
_LONGEST_OF_FEW = (
    "test_guide.py", "test_demo.py", "test_pledge_up.py", "test_any_input_of_every_service.py", "test_hand_worked_by_api.py",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let rings and files come first that take long, so that the processes that share the work end at the same time.

    Within a ring the order stays as chance has made it.
    """

    def place(item: pytest.Item) -> int:
        ring = item.path.relative_to(TESTS).parts[0]
        if item.path.name in _LONGEST_OF_FEW:
            return 0
        return 1 + (_LONG_FIRST.index(ring) if ring in _LONG_FIRST else len(_LONG_FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def started_postgres() -> Iterator[RunningPostgres]:
    """Give the session one PostgreSQL server (one per worker under xdist)."""
    with Workplace() as directory:
        postgres = RunningPostgres(directory)
        try:
            postgres.start()
            yield postgres
        finally:
            postgres.stop()


@pytest.fixture(scope="session")
async def postgres(started_postgres: RunningPostgres) -> AsyncIterator[RunningPostgres]:
    """Give a running PostgreSQL in which databases can be created."""
    yield started_postgres
    await started_postgres.close()


@pytest.fixture(scope="module")
async def database(postgres: RunningPostgres) -> AsyncIterator[str]:
    """Give the URL of a fresh, migrated database that this module alone uses."""
    url = await postgres.create()
    yield url
    await postgres.drop(url)


@pytest.fixture
async def empty_database(postgres: RunningPostgres) -> AsyncIterator[str]:
    """Give the URL of a database with nothing in it, for this test alone."""
    url = await postgres.create_empty()
    yield url
    await postgres.drop(url)


@pytest.fixture(scope="module")
async def kafka(started_broker: RunningBroker) -> str:
    """Give the address of a broker without topics that this module alone uses (it starts in hundredths of a second)."""
    await started_broker.empty()
    return started_broker.bootstrap


@pytest.fixture(scope="module")
def started_broker() -> Iterator[RunningBroker]:
    """Give the module's broker itself, for tests that stop, kill and restart it."""
    with Workplace() as directory:
        broker = RunningBroker(directory)
        try:
            broker.start()
            yield broker
        finally:
            broker.stop()


@pytest.fixture(scope="module")
async def a_service(database: str, kafka: str) -> AsyncIterator[ServiceStarter]:
    """Give a function that starts real service processes on free ports against the module's database and broker."""
    with Workplace() as directory:
        async with ServiceStarter(database, kafka, directory) as start:
            yield start

"""Cases of our own, worked out by hand from the rules: all told to one installation, asked of it side by side.

Nothing here knows the rules' code. Each case stands with the reason of its numbers in `hand_worked*.yaml`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import yaml

from tests.cases.hand_worked import SITES, Case
from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, eventually, ok

FILES = sorted(Path(__file__).parent.glob("hand_worked*.yaml"))
LISTED: list[Json] = [one for file in FILES for one in yaml.safe_load(file.read_text("utf-8"))]
CASES: dict[str, Json] = {one["id"]: one for one in LISTED}
AT_ONCE = 8
Failures = dict[str, BaseException]


@pytest.fixture(scope="module")
async def failures(postgres: RunningPostgres, request: pytest.FixtureRequest) -> AsyncIterator[Failures]:
    """Tell all cases that are wanted, wait until all of it is heard, then ask; give what was not as expected."""
    chosen = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and item.path == Path(__file__)
    ]
    found: Failures = {}
    async with a_factory(postgres) as doors:
        cases = [Case(CASES[name], doors) for name in chosen]
        for site in SITES:
            ok(await doors.inventory.put(f"/v1/sites/SITE-{site}", json={"name": site, "time_zone": "UTC"}))
        await side_by_side(found, [(case, case.tell_items) for case in cases])
        await everything_is_heard(doors)
        await side_by_side(found, [(case, case.tell) for case in cases])
        await everything_is_heard(doors)
        await side_by_side(found, [(case, case.run) for case in cases if case.said["id"] not in found])
        yield found


async def side_by_side(found: Failures, acts: list[tuple[Case, Callable[[], Awaitable[None]]]]) -> None:
    """Some at once; what goes wrong with one case is its own."""
    places = asyncio.Semaphore(AT_ONCE)

    async def act(case: Case, what: Callable[[], Awaitable[None]]) -> None:
        async with places:
            try:
                await what()
            except (AssertionError, httpx.HTTPError, KeyError) as wrong:
                found[case.said["id"]] = wrong

    await asyncio.gather(*(act(case, what) for case, what in acts))


async def everything_is_heard(doors: Factory) -> None:
    """No event waits to be said or heard, twice in a row."""

    async def quiet() -> bool:
        for door in (doors.inventory, doors.capacity, doors.quote):
            checks = (await door.get("/readyz")).json()["checks"]
            if any(not one["detail"].startswith("0 ") for one in checks if one["name"] == "broker" or one["name"].endswith(".v1")):
                return False
        return True

    for _ in range(2):
        await asyncio.sleep(0.3)
        await eventually(quiet, 60, "everything being heard")


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_what_was_worked_out_by_hand(failures: Failures, name: str) -> None:
    if name in failures:
        raise failures[name]


def test_every_case_says_why_its_numbers_are_what_they_are() -> None:
    assert all(one.get("why") and one.get("then") for one in LISTED)
    assert len(CASES) == len(LISTED)

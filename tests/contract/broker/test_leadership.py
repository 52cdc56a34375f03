"""What leadership promises: one holder, a quick successor, and a holder that knows when it is none any more."""

import asyncio
import os
import signal
import sys

from shared.leadership import LEASE_SECONDS, SESSION_SECONDS, Leadership, lock_key
from tests.contract.broker.parts import Owner, eventually
from tests.running import REPOSITORY


def test_the_holder_stops_believing_before_the_server_lets_go() -> None:
    assert LEASE_SECONDS < SESSION_SECONDS


def test_a_name_has_the_same_number_in_every_process() -> None:
    assert lock_key("relay:quote") == 3339378699318889968


async def test_one_holds_the_others_do_not_until_it_releases(owner: Owner) -> None:
    async with Leadership(owner.url, "x") as first, Leadership(owner.url, "x") as second, Leadership(owner.url, "y") as elsewhere:
        assert await first.try_acquire()
        assert first.held
        assert await first.try_acquire(), "asking again changes nothing"
        assert not await second.try_acquire()
        assert await elsewhere.try_acquire(), "another name is another lock"
        await first.release()
        assert first.lost.is_set()
        await eventually(second.try_acquire, within_seconds=2)


async def test_a_holder_whose_connection_is_cut_knows_it_is_none_any_more(owner: Owner) -> None:
    async with Leadership(owner.url, "x") as holder:
        assert await holder.try_acquire()
        await owner.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pledge leadership x'"
        )
        async with asyncio.timeout(5):
            await holder.lost.wait()
        assert not await _held(holder)
        assert await holder.try_acquire(), "and may lead again"
        assert await _held(holder)
        assert not holder.lost.is_set()


async def _held(holder: Leadership) -> bool:
    return holder.held


async def test_a_database_that_is_away_is_no_lead_and_no_crash() -> None:
    async with Leadership("postgresql://nobody@127.0.0.1:1/nothing", "x") as nobody:
        assert not await nobody.try_acquire()
        assert not nobody.held


async def test_a_frozen_holder_is_replaced_and_wakes_up_without_the_lead(owner: Owner) -> None:
    script = (
        "import asyncio, sys, time\n"
        "from shared.leadership import Leadership\n"
        "async def main():\n"
        "    async with Leadership(sys.argv[1], 'x') as holder:\n"
        "        await holder.try_acquire()\n"
        "        print(holder.held, flush=True)\n"
        "        await asyncio.to_thread(sys.stdin.readline)\n"  # frozen here
        "        print(holder.held, flush=True)\n"
        "asyncio.run(main())\n"
    )
    pipe = asyncio.subprocess.PIPE
    frozen = await asyncio.create_subprocess_exec(sys.executable, "-c", script, owner.url, cwd=REPOSITORY, stdin=pipe, stdout=pipe)
    assert frozen.stdin is not None
    assert frozen.stdout is not None
    try:
        assert await frozen.stdout.readline() == b"True\n"
        os.kill(frozen.pid, signal.SIGSTOP)
        async with Leadership(owner.url, "x") as successor:
            assert not await successor.try_acquire()
            await eventually(successor.try_acquire, within_seconds=SESSION_SECONDS + 3)
            frozen.stdin.write(b"\n")
            os.kill(frozen.pid, signal.SIGCONT)
            assert await frozen.stdout.readline() == b"False\n"
            assert successor.held
    finally:
        frozen.kill()
        await frozen.wait()

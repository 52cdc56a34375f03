"""Does a service start with one clear line when it cannot, and stop in time when it is told to?"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from shared.settings import CannotStartError, load
from tests.unit.shared.applications import AS_DEVELOPER, DEVELOPMENT_KEY, INSTALLATION, Settings, settings

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import asyncio
from collections.abc import AsyncIterator
from fastapi import FastAPI
from starlette.responses import StreamingResponse
from shared.serve import run
from tests.unit.shared.applications import Settings, application

def create_app(settings: Settings) -> FastAPI:
    app = application(settings)

    @app.get("/answers/{seconds}")
    async def answer(seconds: float) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "begun"
            await asyncio.sleep(seconds)
            yield ", done"

        return StreamingResponse(pieces())

    return app

run(create_app, Settings)
"""


@asynccontextmanager
async def process(**environment: str) -> AsyncIterator[Process]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PLEDGE_")}
    given = {
        "PLEDGE_KAFKA": "127.0.0.1:1",
        "PLEDGE_KEY_SECRET": "x",
        "PLEDGE_DEVELOPMENT_KEY": DEVELOPMENT_KEY,
        "PLEDGE_INSTALLATION_ID": INSTALLATION,
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, cwd=ROOT, env={**clean, **given, **environment}, stdout=PIPE, stderr=PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def address(started: Process) -> str:
    assert started.stderr is not None
    async with asyncio.timeout(60):
        while line := await started.stderr.readline():
            if line.startswith(b"{") and (said := json.loads(line))["event"] == "listening":
                return f"http://{said['host']}:{said['port']}"
    raise AssertionError("it ended without listening")


async def refusal(**environment: str) -> str:
    async with process(**environment) as started:
        async with asyncio.timeout(60):
            out, err = await started.communicate()
        assert started.returncode == 1
        assert out == b""
        plain = [line for line in err.decode().splitlines() if not line.startswith("{")]
        assert len(plain) == 1, err.decode()
        assert "Traceback" not in err.decode()
        return plain[0]


async def test_a_taken_port_is_one_line(trial_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = await refusal(PLEDGE_DATABASE_URL=trial_url, PLEDGE_PORT=str(port))
    assert line == f"inventory cannot start: cannot listen on 127.0.0.1:{port}: Address already in use"


async def test_a_wrong_database_is_one_line_without_its_password() -> None:
    line = await refusal(PLEDGE_DATABASE_URL="postgresql://me:secret@127.0.0.1:1/x")
    assert "me@127.0.0.1:1/x does not answer" in line
    assert "secret" not in line


async def test_a_stranger_s_schema_is_one_line(trial_url: str) -> None:
    assert "belongs to installation 'test'" in await refusal(PLEDGE_DATABASE_URL=trial_url, PLEDGE_INSTALLATION_ID="another")


async def test_a_missing_variable_is_named() -> None:
    assert await refusal() == "inventory cannot start: PLEDGE_DATABASE_URL: is not set"


async def test_it_says_nothing_to_stdout_ends_open_requests_and_exits_with_zero(trial_url: str) -> None:
    async with process(PLEDGE_DATABASE_URL=trial_url) as started:
        url = await address(started)
        async with httpx.AsyncClient(base_url=url, headers=AS_DEVELOPER) as http:
            assert (await http.get("/readyz")).json()["ready"] is True
            async with http.stream("GET", "/answers/0.5") as answer:  # its beginning has arrived
                started.send_signal(signal.SIGTERM)
                assert await answer.aread() == b"begun, done"
        async with asyncio.timeout(10):
            out, err = await started.communicate()
    assert (started.returncode, out) == (0, b"")
    assert all(line.startswith("{") for line in err.decode().splitlines())


async def test_it_is_gone_within_ten_seconds_also_with_a_request_that_never_ends(trial_url: str) -> None:
    async with process(PLEDGE_DATABASE_URL=trial_url) as started:
        url = await address(started)
        async with httpx.AsyncClient(base_url=url, timeout=30) as http, http.stream("GET", "/answers/600"):
            began = time.monotonic()
            started.send_signal(signal.SIGTERM)
            async with asyncio.timeout(15):
                await started.communicate()
    assert time.monotonic() - began < 10


def test_a_service_s_own_variable_goes_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_DATABASE_URL", "postgresql://common/x")
    monkeypatch.setenv("PLEDGE_INVENTORY_DATABASE_URL", "postgresql://own/x")
    monkeypatch.setenv("PLEDGE_KAFKA", "k:1")
    monkeypatch.setenv("PLEDGE_KEY_SECRET", "x")
    monkeypatch.setenv("PLEDGE_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("PLEDGE_HOST", "")
    loaded = load(Settings)
    assert (loaded.database_url, loaded.kafka, loaded.log_level, loaded.host) == ("postgresql://own/x", "k:1", "warning", "127.0.0.1")


def test_every_wrong_variable_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "KAFKA", "KEY_SECRET"):
        monkeypatch.delenv(f"PLEDGE_{name}", raising=False)
    monkeypatch.setenv("PLEDGE_DATABASE_URL", "mysql://x")
    monkeypatch.setenv("PLEDGE_PORT", "70000")
    with pytest.raises(CannotStartError) as raised:
        load(Settings)
    assert all(name in str(raised.value) for name in ("PLEDGE_DATABASE_URL: write it as", "PLEDGE_KAFKA: is not set", "PLEDGE_PORT"))
    assert "\n" not in str(raised.value)


def test_settings_show_no_secret_and_do_not_change() -> None:
    made = settings("postgresql://me:secret@host/x")
    assert "secret@" not in repr(made)
    assert "pepper" not in repr(made)
    with pytest.raises(ValidationError):
        made.port = 1  # type: ignore[misc]

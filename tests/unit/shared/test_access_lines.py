"""What is written of every answered request?"""

import asyncio
import json

import pytest

from shared import logs


@pytest.fixture(autouse=True)
def _nothing_waits(capsys: pytest.CaptureFixture[str]) -> None:
    """Other tests of this process have answered requests too."""
    logs.flush()
    capsys.readouterr()


async def test_access_lines_are_written_a_moment_later_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    for n in range(3):
        logs.write_access_line("quote", "POST", "/v1/quotes", 200, 0.0123, f"req_{n}")
    assert capsys.readouterr().err == ""
    await asyncio.sleep(3 * logs.ACCESS_LINES_SECONDS)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.pop("request_id") for line in lines] == ["req_0", "req_1", "req_2"]
    told = {"method": "POST", "path": "/v1/quotes", "status": 200, "ms": 12.3, "level": "info", "service": "quote", "event": "answered"}
    assert all(line.pop("at").endswith("Z") for line in lines)
    assert lines == [told] * 3


async def test_what_waits_is_written_at_the_end_of_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    logs.write_access_line("quote", "GET", "/v1/orders", 200, 0.001, "req_1")
    logs.flush()
    assert json.loads(capsys.readouterr().err)["path"] == "/v1/orders"
    await asyncio.sleep(2 * logs.ACCESS_LINES_SECONDS)
    assert capsys.readouterr().err == "", "once"


@pytest.mark.parametrize("path", ['/v1/items/"', "/v1/items/\\", "/v1/items/\n", "/v1/items/\ud800", "/v1/items/é\u2028"])
def test_any_path_makes_one_line_of_json(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.write_access_line("quote", "GET", path, 404, 0.001, "req_1")
    (line,) = capsys.readouterr().err.split("\n")[:-1]
    assert json.loads(line)["status"] == 404

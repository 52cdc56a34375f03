"""`pledge up`: what it says, what it keeps, who comes back, and what it leaves behind."""

import json
import os
import signal
import stat
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.command import Started, a_port_base, lives, pledge, stop_seconds, until
from tests.running import Workplace, get_json

NAMES = {"postgres", "broker", "console", "quote-1", "quote-2", "inventory", "capacity", "notifier"}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with Workplace() as directory:
        yield directory


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Started]:
    """Give an installation with two quote processes that all tests of this module use."""
    with Started(place, "up", "--data", place / "data", "--port-base", str(a_port_base()), "--quote-replicas", "2") as started:
        yield started.until_ready()
        pids = started.pids()
        assert started.stop() <= stop_seconds()
        assert started.process.returncode == 0
        assert not any(lives(pid) for pid in pids.values())


def is_ready(url: str) -> bool:
    return get_json(f"{url}/readyz")[0] == 200


def call(method: str, url: str, key: str, body: object = None) -> int:
    request = urllib.request.Request(  # noqa: S310 - our own URLs
        url, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )  # fmt: skip
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        status: int = answer.status
    return status


def test_it_prints_urls_with_the_console_first_then_a_key_then_every_process_then_ready(running: Started) -> None:
    lines = running.lines
    assert lines[0].split()[0] == "console"
    assert lines[0].split()[1].startswith("http://127.0.0.1:")
    assert running.key.startswith("plk_")
    assert set(running.pids()) == NAMES
    first = [next(index for index, line in enumerate(lines) if line.startswith(f"{name} pid ")) for name in NAMES]
    assert max(first) < lines.index("ready")
    assert all(is_ready(running.url(name)) for name in NAMES - {"postgres", "broker"})


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_it_listens_on_loopback_alone(running: Started) -> None:
    everywhere = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if line.split()[3] == "0A"}
    ours = {f"{int(running.url(name).rpartition(':')[2]):04X}" for name in NAMES - {"postgres", "broker"}}
    assert {address.partition(":")[0] for address in everywhere if address.partition(":")[2] in ours} == {"0100007F"}


@pytest.mark.parametrize("name", ["quote-2", "capacity", "broker", "postgres"])
def test_a_child_that_is_killed_is_started_again(running: Started, name: str) -> None:
    before = running.pids()[name]
    os.kill(before, signal.SIGKILL)
    until(lambda: running.pids()[name] != before, f"{name} gets a new process")
    until(lambda: all(is_ready(running.url(service)) for service in NAMES - {"postgres", "broker"}), f"all ready after {name} was killed")


def test_a_second_one_on_the_same_data_is_refused_with_the_first_ones_pid(running: Started, place: Path) -> None:
    told = pledge("up", "--data", place / "data", "--port-base", str(a_port_base()))
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
    assert "another `pledge up` runs" in told.stderr


def test_a_taken_port_is_named(running: Started, place: Path) -> None:
    base = running.url("console").rpartition(":")[2]
    told = pledge("up", "--data", place / "other", "--port-base", base)
    assert told.returncode == 1
    assert f"port {base} " in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_doctor_finds_a_running_installation_well(running: Started, place: Path) -> None:
    until(lambda: all(is_ready(running.url(service)) for service in NAMES - {"postgres", "broker"}), "all ready")
    told = pledge("doctor", "--data", place / "data", "--json")
    report = json.loads(told.stdout)
    assert (told.returncode, report["ok"]) == (0, True), told.stdout
    assert {"machine", "data directory", "running", "database", "broker", "quote", "console"} <= {one["name"] for one in report["findings"]}


def test_a_key_is_made_used_listed_and_revoked(running: Started, place: Path) -> None:
    data = ("--data", str(place / "data"))
    key = pledge("key", "create", "a shop", "--role", "integration", *data).stdout.strip()
    assert key.startswith("plk_")
    until(lambda: is_ready(running.url("inventory")), "inventory ready")
    assert call("GET", f"{running.url('inventory')}/v1/items", key) == 200
    listed = json.loads(pledge("key", "list", "--json", *data).stdout)
    assert [one["name"] for one in listed if one["revoked_at"] is None] == ["a shop"]
    assert key not in json.dumps(listed)
    assert pledge("key", "revoke", key, *data).returncode == 0
    assert pledge("key", "revoke", key, *data).returncode == 1


def test_secrets_are_for_their_owner_alone(running: Started, place: Path) -> None:
    for name in ("secrets.json", "running.json"):
        assert stat.S_IMODE((place / "data" / name).stat().st_mode) == 0o600


def test_kill_9_leaves_no_process_and_a_second_start_finds_everything_again(running: Started) -> None:
    key, before = running.key, running.pids()
    assert call("PUT", f"{running.url('inventory')}/v1/items/CHAIR", key, {"name": "Chair", "uom": "each"}) in {200, 201}
    running.process.kill()
    running.process.wait()
    until(lambda: not any(lives(pid) for pid in before.values()), f"{before} are gone", stop_seconds())
    running.start()
    running.until_ready()
    assert running.key == key
    assert set(running.pids().values()).isdisjoint(before.values())
    assert call("GET", f"{running.url('inventory')}/v1/items/CHAIR", key) == 200

"""`pledge demo`: taken ports are no obstacle, and nothing is left."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import LOOPBACK
from tests.deploy.command import Started, a_port_base, lives, pledge, stop_seconds
from tests.running import Workplace


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port base whose second port somebody has."""
    base = a_port_base()
    with socket.socket() as somebody:
        somebody.bind((LOOPBACK, base + 1))
        somebody.listen()
        yield base


def test_it_moves_to_free_ports_and_throws_its_data_away(taken: int) -> None:
    with Workplace() as place, Started(place, "demo", "--port-base", str(taken)) as demo:
        demo.until_ready()
        assert f"ports from {taken} are taken" in demo.lines[0]
        assert not demo.url("console").endswith(f":{taken}")
        kept = re.search(r"^data\s+(\S+)$", demo.said, re.MULTILINE)
        assert kept is not None
        assert Path(kept[1]).is_dir()
        base = demo.url("console").rpartition(":")[2]
        doctor = pledge("doctor", "--data", place / "none", "--port-base", base, "--json")
        ports = [one for one in json.loads(doctor.stdout)["findings"] if one["name"] == f"ports from {base}"]
        assert [(one["ok"], f"(pid {demo.process.pid})" in one["detail"]) for one in ports] == [(True, True)], doctor.stdout
        pids = demo.pids()
        assert demo.stop() <= stop_seconds()
        assert demo.process.returncode == 0
        assert not Path(kept[1]).exists()
        assert not any(lives(pid) for pid in pids.values())

"""`pledge demo`: taken ports are no obstacle, and nothing is left."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import LOOPBACK
from tests.deploy.command import STOP_SECONDS, Started, a_port_base, lives
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
        pids = demo.pids()
        assert demo.stop() <= STOP_SECONDS
        assert demo.process.returncode == 0
        assert not Path(kept[1]).exists()
        assert not any(lives(pid) for pid in pids.values())

"""Does an answer leave in one piece, and nothing stay behind?"""

import asyncio

import pytest

from shared.onewrite import _OneWrite

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


@pytest.fixture
def wire() -> Wire:
    return Wire()


async def one_write(wire: Wire) -> _OneWrite:
    return _OneWrite(wire, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_head_and_body_are_written_together(wire: Wire) -> None:
    transport = await one_write(wire)
    transport.write(HEAD)
    transport.write(b"{}")
    await asyncio.sleep(0)
    assert wire.written == [HEAD + b"{}"]


async def test_a_head_without_a_body_leaves_when_the_loop_comes_round(wire: Wire) -> None:
    transport = await one_write(wire)
    transport.write(HEAD)
    assert wire.written == []
    await asyncio.sleep(0)
    assert wire.written == [HEAD]
    transport.write(b"event: a\n\n")
    assert wire.written == [HEAD, b"event: a\n\n"]


async def test_a_head_leaves_before_the_connection_closes(wire: Wire) -> None:
    transport = await one_write(wire)
    transport.write(HEAD)
    transport.close()
    assert wire.written == [HEAD]
    assert transport.is_closing()


async def test_pipelined_answers_keep_their_order(wire: Wire) -> None:
    transport = await one_write(wire)
    for n in range(3):
        transport.write(HEAD)
        transport.write(b"%d" % n)
    await asyncio.sleep(0)
    assert b"".join(wire.written) == b"".join(HEAD + b"%d" % n for n in range(3))

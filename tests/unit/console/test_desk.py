"""The quote desk's form as a question, and the same for a terminal."""

import json
import shlex

import pytest

from services.console.api.desk import curl, question
from services.console.board import Board
from services.console.gateway import Gateway
from services.console.handlers import Console
from services.console.settings import Settings


def test_the_form_becomes_the_body_of_a_quote() -> None:
    fields = {"sku": "CHAIR", "quantity": "2,5", "date": "2026-12-01", "site": "HAM", "customer": "ACME", "partial": "yes"}
    assert question(fields) == {
        "mode": "inquiry",
        "customer": "ACME",
        "allow_partial": True,
        "lines": [{"sku": "CHAIR", "quantity": "2.5", "requested_date": "2026-12-01", "sites": ["HAM"]}],
    }


@pytest.mark.parametrize("quantity", ["", "x", "0", "-1", "NaN", "Infinity", "1e999999"])
def test_what_is_no_quantity_is_not_asked(quantity: str) -> None:
    assert question({"sku": "CHAIR", "quantity": quantity}) is None


async def test_the_command_survives_a_shell() -> None:
    body = question({"sku": "O'Brien's \"chair\" $HOME `id`", "quantity": "1"})
    assert body is not None
    gateway = Gateway(Settings())
    words = shlex.split(curl(Console(Settings(), gateway, Board(1)), body))
    await gateway.close()
    assert json.loads(words[words.index("-d") + 1]) == body

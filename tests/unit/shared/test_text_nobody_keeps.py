"""Is text that the database cannot keep refused at every door, with its place? (HTTP: test_problems.py)"""

import pytest

from services.inventory.api.imports import KINDS
from services.inventory.handlers.hear_updates import VOCABULARY
from shared.imports.kinds import Header
from shared.outcomes import Refused
from shared.updates import Flawed

NAMED = {"type": "movements-posted", "id": "1", "source": "/wms"}


def test_an_update_with_a_nul_is_flawed_at_its_place() -> None:
    movement = {"movement_id": "m", "type": "arrival", "site": "HAM", "sku": "A", "quantity": 1, "reason": "a\0b"}
    with pytest.raises(Flawed) as flawed:
        VOCABULARY.read(NAMED, {"movements": [movement]})
    assert (flawed.value.pointer, flawed.value.code) == ("/data/movements/0/reason", "string_nul")


def test_a_row_with_a_nul_is_refused_by_its_column() -> None:
    refused = Header.read(KINDS["items"], ["sku", "name"]).row(["A", "a\0b"])
    assert isinstance(refused, Refused)
    assert (refused.field, "NUL" in refused.message) == ("name", True)

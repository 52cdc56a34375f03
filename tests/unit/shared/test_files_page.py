"""Does the page about files name every kind, and say the truth about its snapshot?"""

import re
from importlib import import_module
from pathlib import Path

import pytest

from deploy.importing.sending import BACKLOGS, SERVICES
from services.capacity.api.imports import KINDS as OF_CAPACITY
from services.inventory.api.imports import KINDS as OF_INVENTORY
from services.quote.api.imports import KINDS as OF_QUOTE
from shared.imports import Kind
from shared.imports.kinds import Header

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "files.md").read_text(encoding="utf-8")
ROWS = {
    name: [cell.strip() for cell in row.strip("|").split(" | ")]
    for row in PAGE.splitlines()
    if row.startswith("| `")
    for name in re.findall(r"`(\w+)`", row.split(" | ")[0])
}
_AS_A_FILE = {"operations": "operation_resources"}
"""What a file calls otherwise than the call."""
KINDS: dict[str, dict[str, Kind]] = {"inventory": OF_INVENTORY, "capacity": OF_CAPACITY, "quote": OF_QUOTE}


def test_the_page_and_the_command_name_every_kind_and_no_other() -> None:
    served = {name for kinds in KINDS.values() for name in kinds} | BACKLOGS
    assert set(ROWS) == served
    assert {name for kinds in SERVICES.values() for name in kinds} == served
    for service, kinds in KINDS.items():
        assert set(kinds) <= set(SERVICES[service])


@pytest.mark.parametrize(("service", "name"), [(service, name) for service, kinds in KINDS.items() for name in kinds])
def test_the_page_says_what_a_file_needs_and_what_its_snapshot_does(service: str, name: str) -> None:
    kind, row = KINDS[service][name], ROWS[name]
    assert row[1] == service
    assert row[4].startswith("refused") == (not kind.ends_the_rest)
    needed = re.findall(r"`(\w+)`", row[3])
    Header.read(kind, needed)
    for each in needed:
        with pytest.raises(Exception, match="the first line names no column"):
            Header.read(kind, [other for other in needed if other != each])


@pytest.mark.parametrize("service", KINDS)
def test_whatever_can_be_put_can_also_come_as_a_file(service: str) -> None:
    routers = import_module(f"services.{service}.api").ROUTERS
    put = {route.path for router in routers for route in router.routes if "PUT" in route.methods}
    named = {"exceptions" if "/exceptions/" in path else path.split("/")[2].replace("-", "_") for path in put}
    assert named
    assert {_AS_A_FILE.get(name, name) for name in named} <= set(KINDS[service])

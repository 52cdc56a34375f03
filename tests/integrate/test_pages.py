"""Are the pages for integrators true? Every call on them is made, and every answer they show is compared.

Blocks of a page are run in order: `bash` in one shell, `python` and `js` (a HubSpot action) as programs with the same variables. A `json`
block after one is what it prints last, or a part of that: what the page shows must be there, more may be. `…` stands for anything; dates
and instants are compared by their shape, ids by their prefix. Names such as CHAIR become this run's own. README.md runs before each page.
"""

import fnmatch
import itertools
import json
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import DEVELOPMENT_KEY, REPOSITORY, RunningService, service_environment

FOLDER = REPOSITORY / "docs/integrate"
PAGES = sorted(path.name for path in FOLDER.glob("*.md"))
OWN = re.compile(r"\b(CHAIR|PO-552|COUNT-\d|deal-\d+|cart-\d+|WMS-\d+|SAP-\d+)\b")
RUN = ("bash", "python", "js")
KNOWN = (*RUN, "json", "sh", "apex")
ACTION_INPUTS = re.compile(r"Run with the inputs `(\{.*?\})`")
RUN_SECONDS = 90


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    @property
    def where(self) -> str:
        return f"docs/integrate/{self.page}:{self.line}"


def blocks(page: str) -> Iterator[Block]:
    lines = (FOLDER / page).read_text().splitlines()
    began, language = 0, ""
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            if language:
                yield Block(page, began, language, "\n".join(lines[began : number - 1]))
                language = ""
            else:
                began, language = number, line.removeprefix("```").strip() or "plain"


def script_of(found: list[Block], folder: Path, suffix: str, inputs: str) -> str:
    """A shell script that runs the blocks in order, each with its own output file."""
    steps = ["set -euo pipefail", "set -a"]
    for place, block in enumerate(found):
        path, out = folder / f"{place}.{block.language}", folder / f"{place}.out"
        path.write_text(OWN.sub(rf"\1-{suffix}", block.text) + "\n")
        command = {"bash": f"source {path}", "python": f"{sys.executable} {path}", "js": f"node {path} '{inputs}'"}[block.language]
        if block.language == "js":
            path.write_text(
                path.read_text() + "exports.main({inputFields: JSON.parse(process.argv[2])}, (out) => console.log(JSON.stringify(out)));\n"
            )
        steps += [f"echo {place} > {folder}/reached", f"{command} > {out}"]
    return "\n".join(steps) + "\n"


def differences(shown: Any, got: Any, at: str = "") -> Iterator[str]:
    """Where the answer is not what the page shows."""
    if isinstance(shown, dict) and isinstance(got, dict):
        for name, value in shown.items():
            if name in got:
                yield from differences(value, got[name], f"{at}/{name}")
            else:
                yield f"{at}/{name} is missing"
    elif isinstance(shown, list) and isinstance(got, list):
        if len(shown) != len(got):
            yield f"{at} has {len(got)} elements, the page shows {len(shown)}"
        for place, (one, other) in enumerate(zip(shown, got, strict=False)):
            yield from differences(one, other, f"{at}/{place}")
    elif isinstance(shown, str) and isinstance(got, str):
        if not fnmatch.fnmatchcase(shape(got), shape(shown).replace("[", "[[]").replace("…", "*")):
            yield f"{at} is {got!r}, the page shows {shown!r}"
    elif shown != got or isinstance(shown, bool) != isinstance(got, bool):
        yield f"{at} is {got!r}, the page shows {shown!r}"


def shape(text: str) -> str:
    """The text with its dates and instants made alike, and an id without what is drawn by chance."""
    text = re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?", lambda found: "INSTANT" if found[1] else "DATE", text)
    return re.sub(r"^(quo|ord|dec|req)_.*", r"\1_", text)


@pytest.mark.parametrize("page", PAGES)
def test_every_call_of_a_page_is_answered_as_shown(page: str, services: tuple[RunningService, RunningService], tmp_path: Path) -> None:
    if (bash := shutil.which("bash")) is None or shutil.which("curl") is None:
        pytest.skip(f"the calls of docs/integrate/{page} are not made: bash or curl is not installed")
    without_node = shutil.which("node") is None
    everything = [*blocks("README.md"), *(blocks(page) if page != "README.md" else ())]
    found = [block for block in everything if block.language in RUN and not (block.language == "js" and without_node)]
    suffix = secrets.token_hex(3)
    inputs = ACTION_INPUTS.search((FOLDER / page).read_text())
    script = tmp_path / "page.sh"
    script.write_text(script_of(found, tmp_path, suffix, OWN.sub(rf"\1-{suffix}", inputs[1]) if inputs else "{}"))
    quote, inventory = services
    environment = service_environment("postgresql://none/none", "none:1", {})
    environment |= {"QUOTE": quote.url, "INVENTORY": inventory.url, "KEY": DEVELOPMENT_KEY, "NO_PROXY": "*"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        [bash, "--noprofile", "--norc", str(script)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=RUN_SECONDS,
        check=False,
    )  # fmt: skip
    reached = int((tmp_path / "reached").read_text())
    assert done.returncode == 0, f"{found[reached].where}: {done.stderr}"
    wrong = []
    for block, shown in itertools.pairwise(everything):
        if shown.language != "json" or block not in found:
            continue
        printed = (tmp_path / f"{found.index(block)}.out").read_text()
        *_, last = (json.loads(each) for each in documents(printed)) if printed.strip() else (None,)
        wrong += [f"{shown.where}{each}" for each in differences(json.loads(OWN.sub(rf"\1-{suffix}", shown.text)), last)]
    assert not wrong, "\n".join(wrong)
    if without_node and any(block.language == "js" for block in everything):
        pytest.skip(f"the JavaScript of docs/integrate/{page} is not run: Node.js is not installed (the other calls were made)")


def documents(printed: str) -> list[str]:
    """The JSON documents that stand one after the other."""
    decoder, found, rest = json.JSONDecoder(), [], printed.strip()
    while rest:
        _, end = decoder.raw_decode(rest)
        found.append(rest[:end])
        rest = rest[end:].lstrip()
    return found


def test_every_block_is_of_a_kind_that_is_run_or_compared() -> None:
    for page in PAGES:
        found = list(blocks(page))
        assert sum(block.language == "bash" for block in found) >= 3, page
        for before, block in zip([None, *found], found, strict=False):
            assert block.language in KNOWN, block.where
            if block.language == "json":
                assert before is not None
                assert before.language in RUN, f"{block.where} shows an answer to nothing"


async def test_what_apex_calls_is_an_operation_of_quote(services: tuple[RunningService, RunningService]) -> None:
    async with httpx.AsyncClient(base_url=services[0].url) as client:
        paths = (await client.get("/openapi-3.0.json")).json()["paths"]
    called = [
        found
        for block in blocks("salesforce.md")
        if block.language == "apex"
        for found in re.findall(r"callout:Pledge(/[\w/]+)", block.text)
    ]
    assert called
    assert set(called) <= set(paths)


async def test_every_operation_and_every_code_that_a_page_names_is_there(services: tuple[RunningService, RunningService]) -> None:
    async with httpx.AsyncClient(base_url=services[0].url) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    operations = {operation["operationId"] for methods in paths.values() for operation in methods.values()}
    named = re.search(r"Select these operations: (.*?)\.\s", (FOLDER / "salesforce.md").read_text(), re.DOTALL)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named[1])) <= operations
    sources = "".join(path.read_text() for room in ("services", "shared") for path in (REPOSITORY / room).rglob("*.py"))
    for page in PAGES:
        text = (FOLDER / page).read_text()
        for code in set(re.findall(r"`([A-Z]+_[A-Z_]+)`", text)) - {"PLEDGE_KEY"}:
            assert f'"{code}"' in sources or f"{code} =" in sources, f"{page} speaks of {code}, which nobody says"
        for call in re.findall(r"`(?:GET|POST|PUT) (/v1/[^`]+)`", text):
            assert re.sub(r"\{\w+\}", "{}", call) in {re.sub(r"\{\w+\}", "{}", path) for path in paths}, f"{page}: {call}"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", (FOLDER / page).read_text()):
            assert (FOLDER / target).exists(), f"{page} leads to {target}"


@pytest.mark.parametrize(
    ("shown", "got", "same"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"b": 2}, False),
        ({"id": "ord_01J…"}, {"id": "ord_01M82C"}, True),
        ({"id": "ord_01J…"}, {"id": "quo_01M82C"}, False),
        ({"at": "2026-12-01T10:00:00Z"}, {"at": "2031-01-01T00:00:00.5Z"}, True),
        ({"at": "2026-12-01"}, {"at": None}, False),
        ({"summary": "20 EA on …"}, {"summary": "20 EA on Thu"}, True),
        ({"summary": "20 EA on …"}, {"summary": "21 EA on Thu"}, False),
        ([{"a": 1}], [{"a": 1}, {"a": 1}], False),
        ({"replayed": True}, {"replayed": 1}, False),
    ],
)
def test_an_answer_that_differs_is_seen(shown: Any, got: Any, same: bool) -> None:  # noqa: FBT001 -- a row of the table
    assert (list(differences(shown, got)) == []) is same

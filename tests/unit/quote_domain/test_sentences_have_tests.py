"""docs/properties.md names a test for each sentence: is it there, and is it what its mark says?"""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs" / "properties.md"
SECTIONS = range(2, 11)
PROPERTY, EXAMPLE = "●", "○"


def known_tests() -> dict[str, bool]:
    """Every test by its name, and whether Hypothesis gives it its examples."""
    found: dict[str, bool] = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                given = any(isinstance(one, ast.Call) and getattr(one.func, "id", "") == "given" for one in node.decorator_list)
                found[node.name] = found.get(node.name, False) or given
    return found


def test_every_sentence_has_its_test_and_each_test_is_what_its_mark_says() -> None:
    there = known_tests()
    named = re.findall(f"([{PROPERTY}{EXAMPLE}]) `(test_[a-z0-9_]+)`", PAGE.read_text())
    assert [name for _, name in named if name not in there] == []
    assert [name for mark, name in named if there[name] != (mark == PROPERTY)] == []


def test_every_section_has_its_sentences_and_no_row_is_without_a_test() -> None:
    text = PAGE.read_text()
    assert [int(number) for number in re.findall(r"^## (\d+)", text, re.MULTILINE)] == list(SECTIONS)
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("| sentence", "|---"))]
    assert rows
    assert [row for row in rows if not re.search(f"[{PROPERTY}{EXAMPLE}] `test_", row)] == []


def test_no_property_of_the_rules_fixes_how_many_examples_it_tries() -> None:
    """A number of its own would not be raised in the long suite: `tests/examples.py`."""
    fixed = "max_" + "examples="
    assert [path.name for path in Path(__file__).parent.glob("*.py") if fixed in path.read_text()] == []

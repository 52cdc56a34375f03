"""docs/promising.md says what the services say: its examples are run again, on the day and at the time that it names."""

import re

import pytest

from deploy.guide.house import UnexpectedError
from deploy.guide.page import DOCUMENT, pictures_of, pictures_there, with_runs
from deploy.guide.runs import run_all
from deploy.guide.saying import Said, exchange, keep

DOMAIN = DOCUMENT.parents[1] / "services" / "quote" / "domain"


async def test_the_guide_to_promising_is_what_the_services_say() -> None:
    said = await run_all()
    assert with_runs(DOCUMENT.read_text(), said) == DOCUMENT.read_text(), "run `python -m deploy.guide`"
    assert pictures_of(said.values()) == pictures_there(), "run `python -m deploy.guide`"


def test_every_file_and_picture_that_the_guide_names_is_there() -> None:
    text = DOCUMENT.read_text()
    targets = [piece.partition(")")[0] for piece in text.split("](")[1:]]
    assert targets
    lost = [target for target in targets if not target.startswith("#") and not (DOCUMENT.parent / target).exists()]
    assert lost == []
    headings = {_anchor(line) for line in text.splitlines() if line.startswith("##")}
    assert [target for target in targets if target.startswith("#") and target[1:] not in headings] == []


def test_every_rule_of_the_domain_has_its_place_in_the_guide() -> None:
    rules = {path.name for path in DOMAIN.glob("*.py")} - {"__init__.py"}
    assert {name for name in rules if f"services/quote/domain/{name})" not in DOCUMENT.read_text()} == set(), "say where it decides"
    table = (DOMAIN / "__init__.py").read_text()
    assert {name for name in rules if f"`{name}`" not in table} == set(), "let the domain's table lead to it"


def test_every_rule_of_the_domain_says_which_section_it_comes_from() -> None:
    sections = set(re.findall(r"^## (\d+)\.", DOCUMENT.read_text(), re.MULTILINE))
    for path in DOMAIN.glob("*.py"):
        named = set(re.findall(r"promising\.md § (\d+)", path.read_text()))
        assert named <= sections, path.name
        assert named or path.name == "__init__.py", f"{path.name}: name the section of docs/promising.md in its docstring"


def test_a_page_that_names_another_example_than_there_is_is_not_written() -> None:
    page = "<!-- run: one -->\nold\n<!-- end -->\n"
    assert with_runs(page, {"one": Said("new")}) == "<!-- run: one -->\nnew\n<!-- end -->\n"
    with pytest.raises(UnexpectedError):
        with_runs(page, {"two": Said("new")})


def test_an_answer_is_cut_to_what_matters() -> None:
    answer = {"id": 1, "lines": [{"sku": "A", "slip": 0, "ref": None}], "late": []}
    assert keep(answer, ("lines.slip", "lines.ref", "late")) == {"lines": [{"slip": 0}]}
    assert exchange("GET /x", None, answer, "id", status=409) == '```http\nGET /x\n```\n\n```json\n409\n{"id": 1}\n```'


def _anchor(heading: str) -> str:
    words = heading.lstrip("# ").lower()
    return "".join(letter for letter in words.replace(" ", "-") if letter.isalnum() or letter in "-_")

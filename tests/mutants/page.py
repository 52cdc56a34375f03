"""What docs/mutants.md says: for each file what became of its changes, and for each that no test saw the reason why it may live."""

import functools
import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutmut.mutation.diff_apply import get_diff_for_mutant

from tests.running import REPOSITORY

DOMAIN = Path("services/quote/domain")
FOUND = REPOSITORY / "mutants" / DOMAIN
ASKED_AT = REPOSITORY / "mutants" / "asked.json"
PAGE = REPOSITORY / "docs" / "mutants.md"
REASONS = Path(__file__).with_name("reasons.toml")
SURVIVED, NO_TEST, MISFIT, BY_TYPES = 0, 33, 35, 37
"""What became of a change, as mutmut keeps it: no test failed; no test comes by; it could not be asked; by types. None: not asked."""

HEAD = """\
# Changed rules, and whether a test sees them

Written by `make mutants`; do not edit. mutmut makes each change: another comparison, a number off by one, an argument left out. It is
*seen by types* when `make check` refuses it, *seen by tests* when a test of the rules fails or does not come to its end. What neither
saw stands below with the reason why it may live, from `tests/mutants/reasons.toml`; without a reason, it waits for a test. *Not asked*
is what the run has not come to, *commit* the last on which the file was asked; a function that was changed since is asked again by
the next run.

| file | changes | seen by types | seen by tests | not seen | of them explained | no test comes by | not asked | commit |
|---|---|---|---|---|---|---|---|---|
{rows}

"""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A changed line that no test saw."""

    name: str
    function: str
    was: str
    now: str
    why: str | None


def explained(reasons: Sequence[Mapping[str, Any]], module: str, function: str, was: str, now: str) -> str | None:
    """The first reason that speaks of it."""
    for reason in reasons:
        if (
            re.fullmatch(reason.get("file", ".*"), module)
            and re.fullmatch(reason.get("in", ".*"), function)
            and re.search(reason.get("was", ""), was)
            and re.search(reason.get("is", ""), now)
        ):
            return str(reason["why"])
    return None


@functools.cache
def _difference(name: str, path: str) -> tuple[str, str]:
    shown = get_diff_for_mutant(name, path=path)
    was, now = (" ".join(re.findall(rf"^{sign} *(\S.*)$", shown.partition("@@\n")[2] or shown, re.MULTILINE)) for sign in (r"\-", r"\+"))
    return was, now


def survivors(module: str, codes: Mapping[str, int | None], reasons: Sequence[Mapping[str, Any]]) -> Iterator[Survivor]:
    """Every change of a file that nothing saw, as its lines before and after."""
    for name, code in codes.items():
        if code not in (SURVIVED, NO_TEST):
            continue
        function = name.removeprefix(f"services.quote.domain.{module}.").rpartition("__mutmut_")[0]
        function = function.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in function else function.removeprefix("x_")
        was, now = _difference(name, str(DOMAIN / f"{module}.py"))
        yield Survivor(name, function, was, now, explained(reasons, module, function, was, now))


def _part(module: str, found: Sequence[Survivor]) -> str:
    by_reason: dict[str | None, list[Survivor]] = defaultdict(list)
    for one in found:
        by_reason[one.why].append(one)
    lines = [f"## {module}.py\n"]
    for why, alike in sorted(by_reason.items(), key=lambda pair: (pair[0] is not None, pair[0] or "")):
        lines.append(f"{why or '**No reason: they wait for a test.**'}\n")
        lines += [f"- `{one.function}`: `` {one.was} `` → `` {one.now} ``" for one in alike]
        lines.append("")
    return "\n".join(lines)


def _standing(text: str) -> dict[str, tuple[str, str]]:
    """What the page says as it stands of each file that was asked: its row and its part."""
    parts = {part.partition(".py")[0]: f"## {part.rstrip()}\n" for part in text.split("\n## ")[1:]}
    rows = re.findall(r"^(\| `(\w+)\.py` \|(?: \d+ \|){7} \w+ \|)$", text, re.MULTILINE)
    return {module: (row, parts.get(module, "")) for row, module in rows}


def page() -> str:
    """The report. Of a file that was never asked here the page keeps what stands: another run, on another machine, has asked it."""
    told = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    asked_at = json.loads(ASKED_AT.read_text(encoding="utf-8")) if ASKED_AT.exists() else {}
    standing = _standing(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    rows: list[str] = []
    parts: list[str] = []
    total = [0] * 7
    for path in sorted((REPOSITORY / DOMAIN).glob("*.py")):
        meta, module = FOUND / f"{path.name}.meta", path.stem
        if module in told["left_out"]:
            rows.append(f"| `{path.name}` | left out: {told['left_out'][module]} | | | | | | | |")
            continue
        if module in standing and module not in asked_at:
            row, part = standing[module]
            total = [one + int(more) for one, more in zip(total, row.split(" | ")[1:8], strict=True)]
            rows.append(row)
            parts += [part] if part else []
            continue
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"] if meta.exists() else {}
        found = list(survivors(module, codes, told["reason"]))
        counts = Counter(codes.values())
        not_asked = counts[None] + counts[MISFIT]
        by_tests = len(codes) - not_asked - counts[SURVIVED] - counts[NO_TEST] - counts[BY_TYPES]
        why = sum(one.why is not None for one in found)
        figures = (len(codes), counts[BY_TYPES], by_tests, counts[SURVIVED], why, counts[NO_TEST], not_asked)
        total = [one + more for one, more in zip(total, figures, strict=True)]
        rows.append(f"| `{path.name}` | {' | '.join(map(str, figures))} | {asked_at.get(module, '')} |")
        if found:
            parts.append(_part(module, found))
    rows.append(f"| all | {' | '.join(map(str, total))} | |")
    return HEAD.format(rows="\n".join(rows)) + "\n".join(parts)

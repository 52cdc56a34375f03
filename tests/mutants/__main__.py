"""Write docs/mutants.md from what mutmut has found: `python -m tests.mutants` after `mutmut run`."""

import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.running import REPOSITORY

FOUND = REPOSITORY / "mutants" / "services" / "quote" / "domain"
PAGE = REPOSITORY / "docs" / "mutants.md"
REASONS = Path(__file__).with_name("reasons.toml")
SURVIVED, NO_TEST = 0, 33
"""Exit codes as mutmut keeps them: the tests passed; no test of the selection comes by. None: not asked yet. All else: seen."""

HEAD = """\
# Changed rules, and whether a test sees them

Written by `python -m tests.mutants` after `mutmut run` (`make mutants` does both); do not edit. Each mutant is one small change of a
rule: another comparison, a number off by one, an argument left out. It is *seen* when a test of the rule fails. Survivors stand below
with the reason why they may live, from `tests/mutants/reasons.toml`; one without a reason waits for a test. Found until
{at:%Y-%m-%d %H:%M} UTC: `asked` says how far it came, and what was changed since is asked again by the next run.

| file | mutants | asked | seen | survived | of them explained | no test comes by |
|---|---|---|---|---|---|---|
{rows}

"""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A changed line that no test saw."""

    function: str
    was: str
    now: str
    why: str | None


def explained(reasons: list[Mapping[str, str]], function: str, now: str) -> str | None:
    """The first reason that speaks of it."""
    for reason in reasons:
        if re.fullmatch(reason.get("in", ".*"), function) and re.search(reason.get("is", ""), now):
            return reason["why"]
    return None


def survivors(module: str, codes: Mapping[str, int | None], reasons: list[Mapping[str, str]]) -> Iterator[Survivor]:
    """Every change of a file that no test saw, as its lines before and after."""
    for name, code in codes.items():
        if code != SURVIVED:
            continue
        shown = subprocess.run(
            [str(Path(sys.executable).with_name("mutmut")), "show", name], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout
        was, now = (" ".join(re.findall(rf"^{sign} +(.*)$", shown, re.MULTILINE)) for sign in (re.escape("-"), re.escape("+")))
        function = name.removeprefix(f"services.quote.domain.{module}.").rpartition("__mutmut_")[0]
        function = function.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in function else function.removeprefix("x_")
        yield Survivor(function, was, now, explained(reasons, function, now))


def page() -> str:
    """The report."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))["reason"]
    rows, parts = [], []
    for meta in sorted(FOUND.glob("*.py.meta")):
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        if not codes:
            continue
        module = meta.name.removesuffix(".py.meta")
        found = list(survivors(module, codes, reasons))
        counts = Counter(codes.values())
        asked = len(codes) - counts[None]
        seen = asked - counts[SURVIVED] - counts[NO_TEST]
        why = sum(one.why is not None for one in found)
        rows.append(f"| `{module}.py` | {len(codes)} | {asked} | {seen} | {counts[SURVIVED]} | {why} | {counts[NO_TEST]} |")
        lines = [f"- `{one.function}`: `{one.was}` → `{one.now}`  \n  {one.why or '**No reason: it waits for a test.**'}" for one in found]
        if lines:
            parts.append(f"## {module}.py\n\n" + "\n".join(lines) + "\n")
    now = datetime.now(UTC)  # noqa: TID251 -- when it was written
    return HEAD.format(rows="\n".join(rows), at=now) + "\n".join(parts)


if __name__ == "__main__":
    text = page()
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)

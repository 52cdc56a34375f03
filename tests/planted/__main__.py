"""Would the tests see it? Breaks a copy of the product on purpose, one patch at a time, and insists that a named test fails.

Each tests/planted/*.patch starts with lines of words: what is broken, and `Seen by: ` the test that must see it. `make planted` runs
them all; `python -m tests.planted NAME …` runs some.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET  # our own pytest writes the report
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).parent
TEST_SECONDS = 300
_NOT_COPIED = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache", ".hypothesis", "node_modules")


@dataclass(frozen=True, slots=True)
class Planted:
    """One bug: its patch, what it breaks, and the test that must see it."""

    patch: Path
    breaks: str
    seen_by: str

    @property
    def name(self) -> str:
        """The patch's name without its ending."""
        return self.patch.stem


def read(patch: Path) -> Planted:
    """What a patch says of itself. Raises ValueError when it names no test."""
    words = [line for line in patch.read_text(encoding="utf-8").partition("\n--- ")[0].splitlines() if line]
    named = [line.removeprefix("Seen by: ") for line in words if line.startswith("Seen by: ")]
    if len(named) != 1:
        raise ValueError(f"{patch.name} must say in one line `Seen by: ` which test sees it")
    return Planted(patch, words[0], named[0])


def applied(planted: Planted | None, copy: Path) -> str | None:
    """Copy the tree and break it; the reason when the patch does not fit the code any more."""
    shutil.copytree(REPOSITORY, copy, ignore=_NOT_COPIED, symlinks=True)
    if planted is None:
        return None
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(planted.patch)],
        cwd=copy, capture_output=True, text=True, check=False, env=os.environ | {"GIT_CEILING_DIRECTORIES": str(copy.parent)},
    )  # fmt: skip
    return done.stderr.strip() if done.returncode else None


def outcomes(copy: Path, tests: Sequence[str]) -> dict[str, str]:
    """`passed`, `failed`, `error` (it did not come to the test) or `missing`, by test."""
    report = copy / "report.xml"
    command = [sys.executable, "-m", "pytest", *tests, "-q", "-p", "no:randomly", "-p", "no:cacheprovider", f"--junitxml={report}"]
    try:
        said = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, timeout=TEST_SECONDS * len(tests))
    except subprocess.TimeoutExpired:
        return dict.fromkeys(tests, "failed")  # to hang is to be seen
    if not report.exists():
        sys.stderr.write(said.stdout + said.stderr)
        return dict.fromkeys(tests, "error")
    found = dict.fromkeys(tests, "missing")
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 -- our own report
        for test in tests:
            if case.get("name", "") == test.rpartition("::")[2]:
                kinds = {child.tag for child in case}
                found[test] = (
                    "failed" if "failure" in kinds else "error" if "error" in kinds else "skipped" if "skipped" in kinds else "passed"
                )
    return found


def judge(planted: Planted, directory: Path) -> str | None:
    """None when the bug was seen; else why not."""
    copy = directory / planted.name
    try:
        if (reason := applied(planted, copy)) is not None:
            return f"the patch does not fit the code any more: {reason}"
        outcome = outcomes(copy, [planted.seen_by])[planted.seen_by]
        return None if outcome == "failed" else f"{planted.seen_by} {outcome}"
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def main(names: Sequence[str]) -> int:
    """Run the unbroken tests, then each bug; 1 when a bug was not seen or a patch does not fit."""
    everything = [read(patch) for patch in sorted(PATCHES.glob("*.patch"))]
    if unknown := set(names) - {planted.name for planted in everything}:
        sys.stderr.write(f"no such patch: {', '.join(sorted(unknown))}\n")
        return 2
    chosen = [planted for planted in everything if not names or planted.name in names]
    problems = 0
    with tempfile.TemporaryDirectory(prefix="pledge-planted-") as made:
        directory = Path(made)
        directory.chmod(0o711)
        whole = directory / "whole"
        applied(None, whole)
        for test, outcome in outcomes(whole, list(dict.fromkeys(planted.seen_by for planted in chosen))).items():
            if outcome != "passed":
                sys.stdout.write(f"NOT FIT TO JUDGE  without any bug: {test} {outcome}\n")
                problems += 1
        for planted in chosen:
            began = time.monotonic()
            reason = judge(planted, directory)
            verdict = "seen    " if reason is None else "NOT SEEN"
            sys.stdout.write(
                f"{verdict}  {planted.name} ({planted.breaks}) {time.monotonic() - began:.0f} s{f': {reason}' if reason else ''}\n"
            )
            sys.stdout.flush()
            problems += reason is not None
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

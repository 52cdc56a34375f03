"""Change the rules in small ways, ask the tests, write docs/mutants.md: `make mutants`, or `python -m tests.mutants [file ...]`."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from mutmut.__main__ import create_mutants
from mutmut.configuration import config
from mutmut.mutation.data import MutantLineSpans, SourceFileMutationData
from mutmut.type_checking import TypeCheckingError, run_type_checker
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, walk_mutatable_files

from tests.mutants.asking import closeness
from tests.mutants.page import ASKED_AT, PAGE, page
from tests.running import REPOSITORY

BY_TYPES = 37
OF_THE_COPY = "already defined on line"
"""An error of the copy, in which all changes of a method stand in one class, and not of any change."""
TESTS = "tests/unit/quote_domain"


def generate(children: int) -> None:
    """Let mutmut write its copy of the sources with every change; a function that has not changed keeps what was found of it."""
    (REPOSITORY / "mutants").mkdir(exist_ok=True)
    with contextlib.redirect_stdout(None):
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(children)
    standing = {path.relative_to(REPOSITORY) for path in (REPOSITORY / TESTS).rglob("*.py")}
    for path in (REPOSITORY / "mutants" / TESTS).rglob("*.py"):
        if path.relative_to(REPOSITORY / "mutants") not in standing:
            path.unlink()


def judge_types() -> None:
    """What `make check` sees, the type checker: no test need be asked of it."""
    data = {path: SourceFileMutationData(path=path) for path in walk_mutatable_files()}
    for one in data.values():
        one.load()
    if all(code is not None for one in data.values() for code in one.exit_code_by_key.values()):
        return
    with contextlib.chdir(REPOSITORY / "mutants"):
        errors = [error for error in run_type_checker(config().type_check_command) if OF_THE_COPY not in error.error_description]
    for path, one in data.items():
        found = _by_change(path, [error for error in errors if error.file_path == REPOSITORY / "mutants" / path])
        for name, code in one.exit_code_by_key.items():
            if name in found:
                one.exit_code_by_key[name] = BY_TYPES
                one.type_check_error_by_key[name] = found[name]
            elif code == BY_TYPES:
                one.exit_code_by_key[name] = None
        one.save()


def _by_change(path: Path, errors: Sequence[TypeCheckingError]) -> dict[str, str]:
    """The first error of each change of a file, by the lines on which mutmut has written it."""
    spans = MutantLineSpans.load(path)
    within = sorted((span.start, span.end, name) for name, span in spans.span_by_function_name.items()) if spans else []
    found: dict[str, str] = {}
    for error in errors:
        at = bisect_right(within, (error.line_number, sys.maxsize, "")) - 1
        if at >= 0 and error.line_number <= within[at][1]:
            found.setdefault(f"{'.'.join(path.with_suffix('').parts)}.{within[at][2]}", error.error_description)
    if any(name.endswith("_orig") for name in found):
        raise SystemExit(f"{path} has errors of type as it is: {found}")
    return found


def ask(modules: Sequence[str], children: int, seconds: float, profile: str, *, again: bool) -> None:
    """Ask of every change of these files that nothing was found of yet the tests that speak of them.

    `again`: also of what no test saw, and every test that comes by.
    """
    wanted = json.dumps({"of": modules, "children": children, "seconds": seconds, "again": again})
    environment = {**os.environ, "PLEDGE_HYPOTHESIS": profile, "PLEDGE_MUTANTS": wanted, "PYTHONHASHSEED": "0"}
    with contextlib.chdir(REPOSITORY / "mutants"):
        near = [path.stem for path in walk_mutatable_files()] if again else modules
        tests = [str(path) for path in sorted(Path(TESTS).glob("test_*.py")) if any(closeness(str(path), module) < 2 for module in near)]
    quiet = ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.mutants.asking", *quiet, *tests],
        cwd=REPOSITORY / "mutants",
        env=environment,
        check=True,
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.strip()
    asked_at = json.loads(ASKED_AT.read_text(encoding="utf-8")) if ASKED_AT.exists() else {}
    ASKED_AT.write_text(json.dumps(asked_at | dict.fromkeys(modules, commit)), encoding="utf-8")


def main() -> None:
    """Everything, or the files that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="of services/quote/domain, like `balance`; without any: all of them")
    parser.add_argument("--children", type=int, default=2, help="so many changes are asked at a time")
    parser.add_argument("--seconds", type=float, default=1.0, help="of tests, quickest first, that a change may cost")
    parser.add_argument("--again", action="store_true", help="ask once more of what no test saw, and every test")
    parser.add_argument("--unhurried", action="store_true", help="with as many examples as `make test`")
    parser.add_argument("--page", action="store_true", help="write the page alone")
    chosen = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.chdir(REPOSITORY)
    if not chosen.page:
        generate(chosen.children)
        judge_types()
        every = [path.stem for path in walk_mutatable_files()]
        modules = [Path(one).stem for one in chosen.files] or every
        ask(modules, chosen.children, chosen.seconds, "unhurried" if chosen.unhurried else "mutants", again=chosen.again)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Does the repository keep the rules that its design states? What imports cannot show is read from the sources."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_MEGABYTE = 1_000_000
_CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"), ("time", "monotonic")}
_MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(home|Users|work)/[a-z]")
_REGISTRY = re.compile(r"https?://[a-z0-9.-]*(pypi|pythonhosted|npmjs)[.]")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the files that belong to the repository cannot be told")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        if (
            path.suffix in {".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".sh", ".xml", ".html", ".js", ".css", ".csv"}
            or not path.suffix
        ):
            yield path, path.read_text(encoding="utf-8")


def clocks(source: str) -> list[str]:
    """Return each call in `source` that reads a clock, as `line: call`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if (name, node.func.attr) in _CLOCKS:
                found.append(f"{node.lineno}: {name}.{node.func.attr}()")
    return found


def test_the_import_contracts_are_kept() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert "0 broken" in told.stdout


def test_a_domain_reads_no_clock() -> None:
    rooms = list(ROOT.glob("services/*/domain/**/*.py"))
    assert rooms, "there is no domain to look at"
    assert [f"{room.relative_to(ROOT)}:{call}" for room in rooms for call in clocks(room.read_text())] == []


@pytest.mark.parametrize(
    "source", ["import datetime\ndatetime.datetime.now()", "from datetime import date\ndate.today()", "import time\ntime.time()"]
)
def test_the_search_for_clocks_finds_them(source: str) -> None:
    assert clocks(source)


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > _MEGABYTE] == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert [str(path.relative_to(ROOT)) for path, text in texts() if _MACHINE_PATH.search(text) and path != Path(__file__)] == []


def test_no_file_names_a_package_registry() -> None:
    assert [str(path.relative_to(ROOT)) for path, text in texts() if _REGISTRY.search(text) and path != Path(__file__)] == []


def test_every_package_in_the_locks_has_hashes() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        packages = re.findall(r"^\S+==[^\n]*\n(?:    [^\n]*\n?)*", lock.read_text(), re.MULTILINE)
        assert packages, f"{lock.name} locks nothing"
        assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []


def test_what_runs_in_production_is_locked_alike_for_development() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9][^\s;=]*==[^\s;]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))

    assert pinned("runtime.txt") <= pinned("local.txt")


def test_every_service_says_who_lives_there() -> None:
    services = sorted(path.parent for path in ROOT.glob("services/*/__init__.py"))
    assert [service.name for service in services] == ["capacity", "console", "inventory", "notifier", "quote"]
    for service in services:
        told = ast.get_docstring(ast.parse((service / "__init__.py").read_text())) or ""
        assert "hears" in told.lower(), f"{service.name} does not say what it hears"
        assert "says" in told.lower(), f"{service.name} does not say what it says"


def test_only_loopback_is_bound_on_ones_own_machine() -> None:
    everywhere = "0.0.0" + ".0"
    assert [str(path) for path in ROOT.glob("deploy/local/**/*.py") if everywhere in path.read_text()] == []


@pytest.mark.parametrize("patch", sorted((ROOT / "tests" / "planted").glob("*.patch")), ids=lambda patch: patch.stem)
def test_a_planted_bug_fits_the_code_as_it_is(patch: Path) -> None:
    """That its test sees it is shown by `make planted`, which takes minutes."""
    done = subprocess.run(["git", "apply", "--check", str(patch)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    words = patch.read_text(encoding="utf-8").partition("\n--- ")[0]
    (seen_by,) = re.findall(r"^Seen by: (.+?)::(\w+)", words, re.MULTILINE)
    assert f"def {seen_by[1]}" in (ROOT / seen_by[0]).read_text(encoding="utf-8")

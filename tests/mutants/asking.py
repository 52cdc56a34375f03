"""Which test sees a changed rule? A plugin of pytest, loaded in the copy of the sources that mutmut has filled with changes.

mutmut's own runner starts pytest anew for each change and leads every call of a rule through a switch: seconds for each of thousands.
Here the tests are collected once, with the rules as they are, at full speed; each change is asked in a child of that process (`os.fork`),
which puts the changed code in the place of the right one and runs the tests that come by, those first that have seen most changes
of the function, then the quickest. What was found is written where mutmut keeps it, so `mutmut show`, `results` and `browse` know it.
"""

import contextlib
import functools
import gc
import hashlib
import json
import os
import re
import resource
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import mutmut.mutation.trampoline
import pytest

NOT_ASKED, SURVIVED, SEEN, NO_TEST, MISFIT, TOO_LONG = None, 0, 1, 33, 35, 36
"""How mutmut writes what became of a change. `MISFIT`: it could not be asked; it stands in the page as one that was not."""

DOMAIN = "services.quote.domain"
META = Path(*DOMAIN.split("."))
TESTS = Path("tests/unit/quote_domain")
HITS = Path("hits.json")
OPEN = (NOT_ASKED, NO_TEST, MISFIT)
"""What is asked by every run: a test may have come that comes by."""
_MEMORY = 3 << 30
_KEPT_EVERY = 20.0
"""Seconds after which what was found is written down, so that a run that is stopped goes on from there."""

_wrapped: list[tuple[dict[str, Any], FunctionType]] = []


def _remember(changes: dict[str, Any], is_classmethod: bool = False) -> Callable[[FunctionType], FunctionType]:  # noqa: FBT001, FBT002
    """Stand in for the switch that mutmut puts before each function: leave the function as it is and remember its changes."""
    del is_classmethod

    def leave(function: FunctionType) -> FunctionType:
        _wrapped.append((changes, function))
        return function

    return leave


setattr(mutmut.mutation.trampoline, "wrap_in_trampoline", _remember)  # noqa: B010 -- before any rule is imported


def plain(found: Any) -> FunctionType:
    """The function behind a class or static method."""
    function: FunctionType = getattr(found, "__func__", found)
    return function


def forwarding(function: FunctionType, to: Callable[[], FunctionType]) -> CodeType:
    """Code that can stand in the place of the function's and calls what `to` gives with the same arguments."""
    name = f"_to_{id(to)}"
    function.__globals__[name] = to
    cells = function.__code__.co_freevars
    lines = [
        "def make():",
        *[f"    {cell} = None" for cell in cells],
        "    def forward(*args, **kwargs):",
        *[f"        {cell}" for cell in cells],
    ]
    scope: dict[str, Any] = {}
    exec("\n".join([*lines, f"        return {name}()(*args, **kwargs)", "    return forward"]), scope)  # noqa: S102 -- it has to look names up there
    code: CodeType = scope["make"]().__code__
    return code


@dataclass(frozen=True, slots=True)
class Rule:
    """A function of the domain and all its changes."""

    function: FunctionType
    changes: Mapping[str, Any]

    def change(self, name: str) -> None:
        """Put one change in the place of the function, for this process and for good."""
        changed = plain(self.changes[name])
        if changed.__code__.co_freevars != self.function.__code__.co_freevars:
            self.function.__code__ = forwarding(self.function, lambda: changed)
            return
        self.function.__code__ = changed.__code__
        self.function.__defaults__ = changed.__defaults__
        self.function.__kwdefaults__ = changed.__kwdefaults__


def rules() -> dict[str, Rule]:
    """Every function that has changes, by mutmut's name for it: `services.quote.domain.balance.x_permits`."""
    return {
        f"{function.__module__}.{plain(changes['_mutmut_orig']).__name__.removesuffix('__mutmut_orig')}": Rule(function, changes)
        for changes, function in _wrapped
    }


@dataclass(slots=True)
class Coming:
    """Which functions a test comes by, and how long it takes."""

    seconds: float
    rules: list[str]


def run(item: pytest.Item) -> bool:
    """Whether the test passes, without the reports of pytest."""
    state = item.session._setupstate
    try:
        state.setup(item)
        item.runtest()
    except pytest.skip.Exception:
        pass
    except BaseException:  # noqa: BLE001 -- whatever it is, the test has seen it
        return False
    finally:
        with contextlib.suppress(Exception):
            state.teardown_exact(None)
    return True


def in_a_child(work: Callable[[], object]) -> tuple[int, int]:
    """Start `work` in a fork; its pid, and the end of a pipe from which the answer can be read as JSON."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 -- until the process ends
        found = work()
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            json.dump(found, pipe)
    except BaseException:  # noqa: BLE001
        with contextlib.suppress(OSError):  # whoever asked may have been stopped
            os.write(writing, json.dumps({"error": traceback.format_exc()}).encode())
    finally:
        os._exit(0)


class Lookout:
    """Tells which functions a test comes by. Each tells it once, at its first call, and runs at full speed from then on."""

    def __init__(self, known: Mapping[str, Rule]) -> None:
        self.seen: list[str] = []
        self.codes = {name: rule.function.__code__ for name, rule in known.items()}
        self.tellers = {name: self._teller(name, rule.function) for name, rule in known.items()}
        self.functions = {name: rule.function for name, rule in known.items()}

    def _teller(self, name: str, function: FunctionType) -> CodeType:
        def tell() -> FunctionType:
            function.__code__ = self.codes[name]
            self.seen.append(name)
            return function

        return forwarding(function, tell)

    def watch(self) -> None:
        """Begin anew."""
        self.seen.clear()
        for name, function in self.functions.items():
            function.__code__ = self.tellers[name]


def coming(items: Sequence[pytest.Item], known: Mapping[str, Rule]) -> dict[str, Any]:
    """For each test the functions that it comes by; with `failed` where one does not even pass with the rules as they are."""
    lookout = Lookout(known)
    found: dict[str, Any] = {}
    for item in items:
        lookout.watch()
        before = time.process_time()
        if not run(item):
            return {"failed": item.nodeid}
        found[item.nodeid] = {"seconds": round(time.process_time() - before, 4), "rules": list(lookout.seen)}
    return {"found": found}


def fingerprint(test: str | None) -> str:
    """Of everything that decides which functions a test comes by: the rules, what tests share, its own file."""
    digest = hashlib.sha256(os.environ.get("PLEDGE_HYPOTHESIS", "").encode())
    shared = [path for path in TESTS.glob("*.py") if not path.name.startswith("test_")]
    for path in sorted([*shared, *META.glob("*.py"), *([Path(test)] if test else [])]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def closeness(test: str, module: str) -> int:
    """0: a file of tests named after the file of the domain; 1: one that imports from it; 2: another."""
    if re.search(rf"(^|_){module}(_|$)", Path(test).stem):
        return 0
    return 1 if f"from {DOMAIN}.{module} import" in Path(test).read_text(encoding="utf-8") else 2


@dataclass(slots=True)
class Asked:
    """A change that is being asked."""

    name: str
    rule: str
    reading: int
    since: float
    tests: list[str] = field(default_factory=list)


class Asking:
    """Asks every change that was not asked yet, `children` at a time."""

    def __init__(self, of: Sequence[str], children: int, seconds: float, *, again: bool) -> None:
        self.of = of
        self.children = children
        self.seconds = seconds
        self.again = again
        self.running: dict[int, Asked] = {}
        self.seers: dict[str, Counter[str]] = defaultdict(Counter)
        self.codes: dict[str, dict[str, Any]] = {}
        self.saved = time.monotonic()
        self.asking = ""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In the place of running the tests once."""
        known = rules()
        items = {item.nodeid: item for item in session.items}
        hits = self._hits(list(items.values()), known)
        tests_of: dict[str, list[str]] = defaultdict(list)
        for nodeid, test in hits.items():
            for rule in test.rules:
                tests_of[rule].append(nodeid)
        for nodeids in tests_of.values():
            nodeids.sort(key=lambda nodeid: hits[nodeid].seconds)
        began, count = time.monotonic(), 0
        gc.freeze()
        for module in self.of:
            self.asking = module
            meta = META / f"{module}.py.meta"
            self.codes[module] = json.loads(meta.read_text(encoding="utf-8"))
            codes = self.codes[module]["exit_code_by_key"]
            wanted = [name for name, code in codes.items() if code in ({*OPEN, SURVIVED} if self.again else OPEN)]
            for name in wanted:
                rule = name.partition("__mutmut_")[0]
                if rule not in tests_of:
                    codes[name] = NO_TEST
                    continue
                while len(self.running) >= self.children:
                    self._wait()
                self._start(name, rule, known[rule], self._chosen(rule, tests_of[rule], hits), items, hits)
                count += 1
            self._save(module)
        while self.running:
            self._wait()
        for module in self.of:
            self._save(module)
        spent = time.monotonic() - began
        sys.stderr.write(f"{count} asked in {spent:.0f} s\n")
        return True

    def _hits(self, items: list[pytest.Item], known: Mapping[str, Rule]) -> dict[str, Coming]:
        kept = json.loads(HITS.read_text(encoding="utf-8")) if HITS.exists() else {}
        marks = {item.location[0]: "" for item in items}
        marks = {file: fingerprint(file) for file in marks}
        fresh = {item.nodeid: kept[item.nodeid] for item in items if kept.get(item.nodeid, {}).get("of") == marks[item.location[0]]}
        missing = [item for item in items if item.nodeid not in fresh]
        if missing:
            pid, reading = in_a_child(lambda: coming(missing, known))
            with os.fdopen(reading, encoding="utf-8") as pipe:
                answer = json.load(pipe)
            os.waitpid(pid, 0)
            if "found" not in answer:
                pytest.exit(f"with the rules as they are: {answer}", returncode=2)
            of = {item.nodeid: marks[item.location[0]] for item in missing}
            fresh |= {nodeid: {**test, "of": of[nodeid]} for nodeid, test in answer["found"].items()}
            HITS.write_text(json.dumps(kept | fresh), encoding="utf-8")
        return {nodeid: Coming(test["seconds"], test["rules"]) for nodeid, test in fresh.items()}

    def _chosen(self, rule: str, nodeids: Sequence[str], hits: Mapping[str, Coming]) -> list[str]:
        """The tests for a function within the seconds that a change may cost: first those of its file, then those that import it."""
        module = rule.removeprefix(f"{DOMAIN}.").partition(".")[0]
        chosen: list[str] = []
        spent = 0.0
        for nodeid in sorted(nodeids, key=lambda nodeid: closeness(nodeid.partition("::")[0], module)):
            spent += hits[nodeid].seconds
            if chosen and spent > self.seconds:
                break
            chosen.append(nodeid)
        return sorted(chosen, key=lambda nodeid: (-self.seers[rule][nodeid], hits[nodeid].seconds))

    def _start(
        self, name: str, rule: str, changed: Rule, tests: list[str], items: Mapping[str, pytest.Item], hits: Mapping[str, Coming]
    ) -> None:
        limit = int(2 + 3 * sum(hits[nodeid].seconds for nodeid in tests))

        def work() -> object:
            spent = int(time.process_time())
            resource.setrlimit(resource.RLIMIT_CPU, (spent + limit, spent + limit))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            changed.change(name.rpartition(".")[2])
            return {"seen": next((nodeid for nodeid in tests if not run(items[nodeid])), None)}

        pid, reading = in_a_child(work)
        self.running[pid] = Asked(name, rule, reading, time.monotonic(), tests)

    def _wait(self) -> None:
        pid, status = os.wait()
        asked = self.running.pop(pid)
        with os.fdopen(asked.reading, encoding="utf-8") as pipe:
            text = pipe.read()
        if os.WIFSIGNALED(status):
            code = TOO_LONG
        else:
            found = json.loads(text) if text else {"error": "it ended without a word"}
            by = found.get("seen")
            code = MISFIT if "error" in found else SEEN if by else SURVIVED
            if by:
                self.seers[asked.rule][by] += 1
        module = asked.name.removeprefix(f"{DOMAIN}.").partition(".")[0]
        self.codes[module]["exit_code_by_key"][asked.name] = code
        self.codes[module]["durations_by_key"][asked.name] = round(time.monotonic() - asked.since, 3)
        if module != self.asking or time.monotonic() - self.saved > _KEPT_EVERY:
            self._save(module)
            self.saved = time.monotonic()

    def _save(self, module: str) -> None:
        (META / f"{module}.py.meta").write_text(json.dumps(self.codes[module], indent=1), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Take over what pytest does with the tests that it has collected."""
    wanted = json.loads(os.environ["PLEDGE_MUTANTS"])
    config.pluginmanager.register(Asking(wanted["of"], wanted["children"], wanted["seconds"], again=wanted["again"]))

"""The parts `pledge up` is made of: whom PostgreSQL runs as, what a killed parent leaves, how fast a child comes back."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import children, watch
from deploy.local.datadir import DataDirectory, DataDirectoryError, Running, default_directory
from deploy.local.identity import nobody
from deploy.local.layout import Installation, Layout
from deploy.local.owners import owner_of
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer
from tests.deploy.command import lives, until
from tests.running import REPOSITORY, RunningPostgres, Workplace


@pytest.fixture
def place() -> Iterator[Path]:
    with Workplace() as directory:
        yield directory


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must put on another identity")
def test_root_without_user_namespaces_runs_postgresql_as_nobody(place: Path) -> None:
    place.chmod(0o711)
    server = PostgresServer(place / "postgres", identity=nobody())
    server.prepare()
    try:
        child = server.start()
        server.wait_ready()
        server.create_database("there")
        assert Path(f"/proc/{child.pid}").stat().st_uid == nobody().uid
    finally:
        server.stop()


def test_a_pid_file_whose_number_now_belongs_to_another_program_does_not_prevent_the_start(place: Path) -> None:
    server = PostgresServer(place / "postgres")
    server.prepare()
    (place / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{place / 'postgres'}\n0\n5432\n\n127.0.0.1\n\nready\n")
    server.prepare()
    try:
        server.start()
        server.wait_ready()
    finally:
        server.stop()


@pytest.mark.parametrize("guarded", [False, True], ids=["by the kernel", "by the guard"])
def test_a_killed_parent_takes_its_children_along(place: Path, *, guarded: bool) -> None:
    if not guarded and sys.platform != "linux":
        pytest.skip("the kernel tells children of their parent's death on Linux alone")
    program = textwrap.dedent(f"""
        import signal, subprocess, sys, time
        from pathlib import Path
        from deploy.local import children, guard
        if {guarded}:
            child = subprocess.Popen(["sleep", "600"], start_new_session=True)
            guard.GUARD.watch(child.pid, signal.SIGTERM)
        else:
            child = children.start(["sleep", "600"], log=Path({str(place / "log")!r}))
        print(child.pid, flush=True)
        time.sleep(600)
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=REPOSITORY)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.kill()
        parent.wait()
        until(lambda: not lives(child), "the child is gone", 30)


def test_a_child_that_keeps_ending_is_started_again_ever_more_slowly(place: Path) -> None:
    said: list[str] = []
    log = place / "log"
    watched = watch.Watched("quote-1", lambda: children.start(["sh", "-c", "echo quote cannot start: no luck; exit 3"], log=log), log)
    watched.start(said.append)

    def looked() -> bool:
        watched.look(said.append)
        return watched.endings >= 3

    until(looked, "three endings", 60)
    assert [line for line in said if "ended (exit code 3)" in line] == [
        f"quote-1 ended (exit code 3); it is started again in {delay} s (log: {log})" for delay in ("0.2", "0.5", "1")
    ]
    assert watched.why_it_ended() == "quote cannot start: no luck"


def test_a_child_that_does_not_listen_is_killed_at_the_end_of_its_time(place: Path) -> None:
    log = place / "log"
    child = children.start(["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], log=log)
    until(lambda: log.read_text() == "deaf\n", "it no longer listens")
    assert children.stop(child, signal.SIGTERM, within_seconds=0.5) == -signal.SIGKILL


def test_an_installation_keeps_its_id_and_its_secrets(place: Path) -> None:
    first, second = DataDirectory.open(place / "data"), DataDirectory.open(place / "data")
    assert first.installation_id == second.installation_id
    assert first.key_secret == second.key_secret
    assert first.development_key == second.development_key
    assert DataDirectory.open(place / "other").key_secret != first.key_secret


def test_only_one_has_a_directory_at_a_time_and_the_other_learns_who(place: Path) -> None:
    first, second = DataDirectory.open(place / "data"), DataDirectory.open(place / "data")
    first.lock()
    first.note(Running(4711, 8000, "postgresql://x", "y:1", "plk_"))
    with pytest.raises(DataDirectoryError, match="pid 4711"):
        second.lock()
    assert second.running() == Running(4711, 8000, "postgresql://x", "y:1", "plk_")
    first.unlock()
    assert second.running() is None
    second.lock()
    second.unlock()


def test_a_directory_of_another_version_is_refused(place: Path) -> None:
    DataDirectory.open(place / "data")
    (place / "data" / "pledge.json").write_text(json.dumps({"format": 99, "installation_id": "x"}))
    with pytest.raises(DataDirectoryError, match="another version"):
        DataDirectory.open(place / "data")


def test_an_empty_home_still_has_a_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert default_directory().is_absolute()
    assert default_directory() != Path("/.local/share/pledge")


def test_further_replicas_of_quote_stand_on_eleven_and_twelve() -> None:
    ports = {process.name: process.port for process in Layout(8000, 3).processes()}
    assert ports == {
        "console": 8000, "quote-1": 8001, "inventory": 8002, "capacity": 8003, "notifier": 8004, "quote-2": 8011, "quote-3": 8012,
    }  # fmt: skip


def test_a_setting_for_one_service_cannot_lead_it_to_another_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_QUOTE_DATABASE_URL", "postgresql://elsewhere")
    monkeypatch.setenv("PLEDGE_QUOTE_STALE_AFTER_SECONDS", "5")
    layout = Layout(8000)
    quote = next(process for process in layout.processes() if process.service == "quote")
    told = Installation("postgresql://here", "k:1", "i", "s", "d").environment(quote, layout.urls)
    assert told["PLEDGE_DATABASE_URL"] == "postgresql://here"
    assert "PLEDGE_QUOTE_DATABASE_URL" not in told
    assert told["PLEDGE_QUOTE_STALE_AFTER_SECONDS"] == "5"
    assert told["PLEDGE_QUOTE_PORT"] == "8001"


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_the_owner_of_a_taken_port_is_named(postgres: RunningPostgres) -> None:
    if postgres.server is None or postgres.server.child is None:
        pytest.skip("the database is not ours")
    assert owner_of(postgres.server.port) == f"postgres (pid {postgres.server.child.pid})"
    assert owner_of(free_port()) is None

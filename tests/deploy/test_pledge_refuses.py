"""What cannot start says why in one line, and ends with exit code 1."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.supported import complaint
from tests.deploy.command import a_port_base, pledge
from tests.running import RunningPostgres, Workplace


@pytest.fixture
def place() -> Iterator[Path]:
    with Workplace() as directory:
        yield directory


def refused(*arguments: str | Path) -> str:
    told = pledge(*arguments)
    assert told.returncode == 1, told.stdout + told.stderr
    assert len(told.stderr.splitlines()) == 1, told.stderr
    return told.stderr


def test_a_directory_of_somebody_else_is_not_touched(place: Path) -> None:
    (place / "thesis.txt").write_text("years of work")
    assert "thesis.txt" in refused("up", "--data", place, "--port-base", str(a_port_base()))
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_data_directory(place: Path) -> None:
    (place / "file").touch()
    assert "is a file" in refused("up", "--data", place / "file", "--port-base", str(a_port_base()))


def test_a_database_that_does_not_answer_is_named(place: Path) -> None:
    told = refused(
        "up", "--data", place / "data", "--port-base", str(a_port_base()), "--database", "postgresql://me:secret@127.0.0.1:1/none"
    )
    assert "127.0.0.1:1" in told
    assert "secret" not in told


def test_what_is_no_database_url_is_refused(place: Path) -> None:
    assert "postgresql://" in refused("up", "--data", place / "data", "--database", "mysql://localhost/x")


def test_a_broker_that_does_not_answer_is_named(place: Path) -> None:
    assert "127.0.0.1:1" in refused("up", "--data", place / "data", "--port-base", str(a_port_base()), "--kafka", "127.0.0.1:1")


def test_a_web_server_is_no_broker(place: Path, postgres: RunningPostgres) -> None:
    address = postgres.url("x").rpartition("@")[2].partition("/")[0]  # PostgreSQL answers, and not in Kafka's words
    assert address in refused("up", "--data", place / "data", "--port-base", str(a_port_base()), "--kafka", address)


def test_a_database_of_another_installation_is_refused(place: Path, database: str) -> None:
    told = refused("up", "--data", place / "data", "--port-base", str(a_port_base()), "--database", database)
    assert "belongs to installation" in told


def test_doctor_names_the_repair_of_a_foreign_directory(place: Path) -> None:
    (place / "thesis.txt").touch()
    told = pledge("doctor", "--data", place, "--port-base", str(a_port_base()))
    assert told.returncode == 1
    assert "repair: pledge up --data DIR" in told.stdout


def test_a_key_command_without_an_installation_says_how_to_name_one(place: Path) -> None:
    assert "--data" in refused("key", "list", "--data", place / "nothing")


@pytest.mark.parametrize(
    ("version", "system", "machine", "glibc", "word"),
    [
        ((3, 10), "linux", "x86_64", (2, 36), "Python 3.11"),
        ((3, 11), "linux", "x86_64", None, "musl"),
        ((3, 11), "linux", "x86_64", (2, 17), "2.17"),
        ((3, 11), "linux", "riscv64", (2, 36), "riscv64"),
        ((3, 11), "win32", "AMD64", None, "win32"),
    ],
)
def test_a_machine_that_cannot_run_the_embedded_parts_is_pointed_to_docker(
    version: tuple[int, int], system: str, machine: str, glibc: tuple[int, int] | None, word: str
) -> None:
    told = complaint(version, system, machine, glibc)
    assert told is not None
    assert word in told
    assert "docker compose" in told


def test_linux_and_macos_of_today_are_fine() -> None:
    assert complaint((3, 11), "linux", "aarch64", (2, 28)) is None
    assert complaint((3, 14), "darwin", "arm64", None) is None

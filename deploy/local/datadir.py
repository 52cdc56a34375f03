"""Where does an installation keep what must outlive it, and how do we know that a directory is ours?

    pledge.json     what this is: the format and the installation id, which every schema of the database carries as well
    secrets.json    0600: the pepper of the API keys, the password of the embedded PostgreSQL, the development key
    lock            held while `pledge up` runs on it
    running.json    0600: where the running one can be reached
    postgres/ broker/ logs/

Both first files are made once. A directory that holds anything else is somebody else's and is not touched.
"""

import fcntl
import json
import os
import pwd
import secrets
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from deploy.local.identity import unprivileged

_FORMAT = 1
_MARK = "pledge.json"
_SECRETS = "secrets.json"
_RUNNING = "running.json"
_ROOTS_OWN = Path("/var/lib/pledge")


class DataDirectoryError(Exception):
    """This directory cannot be used; the text is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where a running `pledge up` can be reached: what `pledge key`, `pledge doctor` and `pledge migrate` need."""

    pid: int
    port_base: int
    database_url: str
    kafka: str
    development_key: str


@dataclass(frozen=True, slots=True)
class _Secrets:
    key_secret: str
    database_password: str
    development_key: str


class DataDirectory:
    """One installation's directory; `open` makes it if need be."""

    def __init__(self, path: Path, installation_id: str, kept: _Secrets) -> None:
        self.path = path
        self.installation_id = installation_id
        self.key_secret = kept.key_secret
        self.database_password = kept.database_password
        self.development_key = kept.development_key
        self._lock: IO[str] | None = None

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Self:
        """Open an installation's directory. Raises DataDirectoryError when it is not ours, or not there and not to be made."""
        path = path.absolute()
        try:
            if not (path / _MARK).exists():
                if not create:
                    raise DataDirectoryError(f"there is no installation in {path}: start one with `pledge up --data {path}`")
                _make(path)
            _refuse_strangers(path)
            mark = _read(path / _MARK)
            if mark.get("format") != _FORMAT:
                raise DataDirectoryError(f"{path} was written by another version of Pledge (format {mark.get('format')}, here {_FORMAT})")
            return cls(path, str(mark["installation_id"]), _Secrets(**_read(path / _SECRETS)))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DataDirectoryError(f"cannot use {path} as data directory: {error}; choose another with --data") from error

    @property
    def logs(self) -> Path:
        """Return where the children write what they say."""
        return self.path / "logs"

    def lock(self) -> None:
        """Claim the directory until `unlock`, or until we die. Raises DataDirectoryError when another process has it."""
        lock = (self.path / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            running = self.running()
            who = f" (pid {running.pid})" if running else ""
            raise DataDirectoryError(
                f"another `pledge up` runs on {self.path}{who}: stop it, or choose another directory with --data"
            ) from error
        self._lock = lock

    def unlock(self) -> None:
        """Give the directory back, if we have it; nobody runs on it any more."""
        if self._lock is not None:
            (self.path / _RUNNING).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def note(self, running: Running) -> None:
        """Leave word where we can be reached."""
        _write(self.path / _RUNNING, asdict(running))

    def running(self) -> Running | None:
        """Return where the process that runs on this directory can be reached, None when none does."""
        try:
            noted = Running(**_read(self.path / _RUNNING))
            return noted if _is_locked(self.path / "lock") else None
        except (OSError, TypeError, ValueError):
            return None


def default_directory() -> Path:
    """Return the per-user directory: XDG_DATA_HOME, else ~/.local/share, also where HOME is empty or not set.

    Root, where PostgreSQL must run as `nobody` who cannot enter root's home: /var/lib/pledge.
    """
    named = os.environ.get("XDG_DATA_HOME") or ""
    home = os.environ.get("HOME") or _home_of_record()
    directory = Path(named) if named.startswith("/") else Path(home) / ".local" / "share"
    directory = directory / "pledge"
    if os.geteuid() == 0 and not (directory / _MARK).exists() and not unprivileged().can_reach(directory):
        return _ROOTS_OWN
    return directory


def _is_locked(lock: Path) -> bool:
    try:
        with lock.open("a") as probe:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _home_of_record() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return f"/var/tmp/pledge-{os.geteuid()}"  # noqa: S108 - made 0700, and refused when somebody else owns it


def _make(path: Path) -> None:
    """Make the directory with its two files; the mark comes last, so that an interrupted attempt is simply repeated."""
    if path.exists() and not path.is_dir():
        raise DataDirectoryError(f"{path} is a file: choose a directory with --data")
    if path.is_dir():
        strangers = sorted(entry.name for entry in path.iterdir() if entry.name not in {_SECRETS, f"{_SECRETS}.draft", f"{_MARK}.draft"})
        if strangers:
            raise DataDirectoryError(f"{path} holds something that is not Pledge's ({strangers[0]}): choose an empty directory with --data")
    path.mkdir(parents=True, exist_ok=True, mode=0o711)
    _refuse_strangers(path)
    if not (path / _SECRETS).exists():
        drawn = _Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(24), f"plk_localdev_{secrets.token_urlsafe(32)}")
        _write(path / _SECRETS, asdict(drawn))
    _write(path / _MARK, {"format": _FORMAT, "installation_id": str(uuid.uuid4())}, mode=0o644)


def _refuse_strangers(path: Path) -> None:
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise DataDirectoryError(f"{path} belongs to user {owner} and you are {os.geteuid()}: choose another directory with --data")


def _read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text())
    if not isinstance(content, dict):
        raise TypeError(f"{path.name} is not what we wrote")
    return content


def _write(path: Path, content: dict[str, Any], mode: int = 0o600) -> None:
    """Write all or nothing: whoever is killed here leaves the old file or the new one."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as target:
        json.dump(content, target, indent=2)
        target.flush()
        os.fsync(target.fileno())
    draft.rename(path)

"""As whom may PostgreSQL run? It refuses to run as root, and root is who runs in most containers and build machines.

Not root: as ourselves. Root on Linux: as ourselves inside a user namespace of our own, where our id reads 65534; files keep
belonging to root and nothing is created or changed. Root where user namespaces are forbidden (Docker's default) or unknown
(macOS): as `nobody`, who must then be able to reach the data directory and the binaries.
"""

import contextlib
import ctypes
import os
import pwd
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

_NOBODY_ID = 65534
_CLONE_NEWUSER = 0x10000000
# Loaded before any fork: between fork and exec a child must not load libraries.
LIBC = ctypes.CDLL(None, use_errno=True)


class Guise(StrEnum):
    """How the identity is put on."""

    OURSELVES = "ourselves"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a child process runs as; `uid` and `gid` own its files as seen from outside."""

    guise: Guise
    uid: int
    gid: int

    def put_on(self) -> None:
        """Become this identity, in the child between fork and exec. Raises OSError where the system forbids it."""
        if self.guise is Guise.NAMESPACE:
            _enter_namespace()
        elif self.guise is Guise.NOBODY:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def can_reach(self, path: Path) -> bool:
        """Say whether this identity can walk to `path` (its nearest existing parent, if there is no such path yet)."""
        if self.guise is not Guise.NOBODY:
            return True
        here = path.absolute()
        while not here.exists():
            here = here.parent
        return all(_enters(directory, self.uid, self.gid) for directory in (here, *here.parents) if directory.is_dir())


OURSELVES = Identity(Guise.OURSELVES, os.geteuid(), os.getegid())


def nobody() -> Identity:
    """Return the system's user without rights."""
    with contextlib.suppress(KeyError):
        entry = pwd.getpwnam("nobody")
        return Identity(Guise.NOBODY, entry.pw_uid, entry.pw_gid)
    return Identity(Guise.NOBODY, _NOBODY_ID, _NOBODY_ID)


@cache
def unprivileged() -> Identity:
    """Return the identity that PostgreSQL accepts on this machine, by trying; the first that works is remembered."""
    if os.geteuid() != 0:
        return OURSELVES
    if sys.platform == "linux" and _namespaces_work():
        return Identity(Guise.NAMESPACE, 0, os.getegid())
    return nobody()


def _enters(directory: Path, uid: int, gid: int) -> bool:
    status = directory.stat()
    if status.st_uid == uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if LIBC.unshare(_CLONE_NEWUSER) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    # The kernel takes a group map from an unprivileged writer only after setgroups is given up (user_namespaces(7)).
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{_NOBODY_ID} {uid} 1")
    _write("/proc/self/gid_map", f"{_NOBODY_ID} {gid} 1")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _namespaces_work() -> bool:
    child = os.fork()
    if child == 0:
        try:
            _enter_namespace()
        except OSError:
            os._exit(1)
        os._exit(0 if os.geteuid() == _NOBODY_ID else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0

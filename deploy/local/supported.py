"""May everything run on this machine without containers? Says nothing and ends with 0, or one clear line and 1.

The Makefile runs this file before anything is installed, with whatever Python is there: the standard library alone, and no
syntax newer than Python 3.6.
"""

import os
import platform
import sys

PYTHON = (3, 11)
GLIBC = (2, 28)
MACHINES = ("x86_64", "amd64", "aarch64", "arm64")
ELSEWHERE = "use Docker instead: `docker compose up` (README.md)"


def objection():
    # type: () -> str | None
    """Return why the embedded PostgreSQL and broker cannot run here, as one line that names the way out; None if they can."""
    return complaint((sys.version_info[0], sys.version_info[1]), sys.platform, platform.machine(), glibc_version())


def complaint(version, system, machine, glibc):
    # type: (tuple[int, int], str, str, tuple[int, int] | None) -> str | None
    """Return the same for any machine; `glibc` is None where the C library is another one."""
    if version < PYTHON:
        here = "{}.{}".format(*version)
        return "Pledge needs Python 3.11 or newer and this is {}: install one (`make PYTHON=/path/to/python3.11`), or {}".format(
            here, ELSEWHERE
        )
    if system not in ("linux", "darwin") or machine.lower() not in MACHINES:
        return "there is no embedded PostgreSQL and broker for {} on {}: {}".format(system, machine, ELSEWHERE)
    if system == "linux":
        if glibc is None:
            return "this Linux has no glibc (Alpine has musl), which the embedded PostgreSQL and broker need: " + ELSEWHERE
        if glibc < GLIBC:
            return "glibc {}.{} is too old for the embedded PostgreSQL (2.28 or newer): {}".format(glibc[0], glibc[1], ELSEWHERE)
    return None


def glibc_version():
    # type: () -> tuple[int, int] | None
    """Return the version of the C library, None when it is not glibc."""
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        major, minor = version.split(".")[:2]
    except (ValueError, OSError, AttributeError):
        return None
    return (int(major), int(minor)) if name == "glibc" else None


def missing_modules():
    # type: () -> str | None
    """Return what a distribution left out of Python's own library, None if nothing that the set-up needs is missing."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "this Python cannot make virtual environments: install its `venv` package (Debian, Ubuntu: python3-venv)"
    return None


if __name__ == "__main__":
    reason = objection() or missing_modules()
    if reason:
        sys.stderr.write(reason + "\n")
        sys.exit(1)

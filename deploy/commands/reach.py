"""Which installation does a command speak of? The one that is named, else the environment's, else the one that runs here.

A container has PLEDGE_DATABASE_URL, PLEDGE_INSTALLATION_ID and PLEDGE_KEY_SECRET; a machine with `pledge up` has a data directory.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.saying import fail
from deploy.local.datadir import DataDirectory, DataDirectoryError, default_directory

Database = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", envvar="PLEDGE_DATABASE_URL", help="Its database. [default: that of the running `pledge up`]"
    ),
]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Its data directory. [default: the per-user directory]")]


@dataclass(frozen=True, slots=True)
class Reached:
    """What a command needs of an installation."""

    database_url: str
    installation_id: str
    key_secret: str


def reach(database: str | None, data: Path | None) -> Reached:
    """Find the installation, or end with one line that says what is missing."""
    directory = _directory(data)
    if database is None:
        running = directory.running() if directory else None
        if running is None:
            fail(f"nothing runs on {data or default_directory()}: start it with `pledge up`, or name a database with --database")
        database = running.database_url
    installation_id = os.environ.get("PLEDGE_INSTALLATION_ID") or (directory.installation_id if directory else "")
    key_secret = os.environ.get("PLEDGE_KEY_SECRET") or (directory.key_secret if directory else "")
    if not installation_id or not key_secret:
        fail("which installation? Name its directory with --data, or set PLEDGE_INSTALLATION_ID and PLEDGE_KEY_SECRET")
    return Reached(database, installation_id, key_secret)


def _directory(data: Path | None) -> DataDirectory | None:
    try:
        return DataDirectory.open(data or default_directory(), create=False)
    except DataDirectoryError as error:
        if data is not None:
            fail(str(error))
        return None

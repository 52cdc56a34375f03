"""`pledge`: the command line."""

import contextlib
import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from deploy.commands import demo, documents, key
from deploy.commands.client import client
from deploy.commands.doctor import doctor
from deploy.commands.import_ import import_
from deploy.commands.migrate import migrate
from deploy.commands.saying import say
from deploy.commands.up import up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Real-time order promising: how many, by when, and can you vouch for it?",
)
app.command()(up)
app.add_typer(demo.app, name="demo")
app.command()(doctor)
app.command("import")(import_)
app.add_typer(key.app, name="key")
app.command()(migrate)
app.command()(documents.openapi)
app.command()(documents.asyncapi)
app.command()(client)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(version("pledge-promise"))
        raise typer.Exit


@app.callback()
def _options(
    show: Annotated[bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)] = False,
) -> None:
    """Hold the options that stand before every command."""


def main() -> None:
    """Run the command line (the entry point of the `pledge` script)."""
    code: int | str | None = 0
    try:
        app(prog_name="pledge")
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        sys.exit(code)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    # Nothing is open any more. The interpreter's own tidying-up takes a third of a second of CPU, which `up` does not have to spare
    # when everything on the machine stops at once.
    os._exit(code or 0)

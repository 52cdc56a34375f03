"""How does a command speak: results on stdout, for scripts as JSON; what went wrong as one line on stderr, and an exit code."""

import contextlib
import json
import sys
from typing import Annotated, Any, NoReturn

import typer

FAILED = 1

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for scripts.")]


def say(line: str) -> None:
    """Print at once; go on silently when whoever read it has gone (`pledge up | head -1`)."""
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


def say_json(content: Any) -> None:
    """Print a JSON document."""
    say(json.dumps(content, indent=2, default=str, ensure_ascii=False))


def fail(message: str) -> NoReturn:
    """Say in one line what is wrong and what to do, and end with exit code 1."""
    sys.stderr.write(f"pledge: {' '.join(message.split())}\n")
    raise typer.Exit(FAILED)

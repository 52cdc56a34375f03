"""`pledge demo`: the whole product with a company that moves, on data that is thrown away."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.saying import fail, say
from deploy.commands.up import run
from deploy.demo.urls import Urls
from deploy.local import supported
from deploy.local.datadir import DataDirectory
from deploy.local.identity import Guise, unprivileged
from deploy.local.layout import Layout
from deploy.local.ports import first_free_base
from deploy.local.supervisor import Wanted


def demo(
    port_base: Annotated[int, typer.Option(min=1024, max=60000, help="Where free ports are looked for.")] = 8000,
    quote_replicas: Annotated[int, typer.Option(min=1, max=80, help="Processes of quote.")] = 1,
) -> None:
    """Start everything with the sample company on throw-away data; taken ports are no obstacle. Ctrl-C ends and removes it."""
    objection = supported.objection()
    if objection:
        fail(objection)
    try:
        base = first_free_base(Layout(0, quote_replicas).offsets().values(), port_base)
    except OSError as error:
        fail(str(error))
    if base != port_base:
        say(f"ports from {port_base} are taken; using those from {base}")
    directory = Path(tempfile.mkdtemp(prefix="pledge-demo-"))
    try:
        if unprivileged().guise is Guise.NOBODY:
            directory.chmod(0o711)
        run(Wanted(DataDirectory.open(directory), Layout(base, quote_replicas)), _tell_the_story)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def _tell_the_story(urls: Urls, key: str, stop: asyncio.Event) -> None:
    from deploy.demo import story

    try:
        await story.run(urls, key, say, stop)
    except Exception as error:  # noqa: BLE001 - the product goes on when its story breaks off; the line below says that it did
        say(f"the story broke off ({type(error).__name__}: {error}); everything else goes on")

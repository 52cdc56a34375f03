"""`pledge demo`: the whole product with a company that moves, on data that is thrown away; and three incidents to happen to it."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.saying import fail, say
from deploy.commands.up import run
from deploy.demo.urls import Urls
from deploy.local import supported
from deploy.local.datadir import DataDirectory, DataDirectoryError, Running
from deploy.local.identity import Guise, unprivileged
from deploy.local.layout import Layout
from deploy.local.ports import first_free_base
from deploy.local.supervisor import Wanted

if TYPE_CHECKING:
    from deploy.demo.doors import Doors

_PREFIX = "pledge-demo-"

app = typer.Typer(
    invoke_without_command=True,
    help="Start everything with the sample company on throw-away data. In another terminal: `pledge demo slip|breakdown|promotion`.",
)

PortBase = Annotated[int | None, typer.Option(min=1024, max=65000, help="The console's port. [default: of the demo that runs here]")]
Key = Annotated[str | None, typer.Option("--api-key", envvar="PLEDGE_API_KEY", help="[default: of the demo that runs here]")]


@app.callback()
def demo(
    context: typer.Context,
    port_base: Annotated[int, typer.Option(min=1024, max=60000, help="Where free ports are looked for.")] = 8000,
    quote_replicas: Annotated[int, typer.Option(min=1, max=80, help="Processes of quote.")] = 1,
) -> None:
    """Start everything with the sample company on throw-away data; taken ports are no obstacle. Ctrl-C ends and removes it."""
    if context.invoked_subcommand is not None:
        return
    objection = supported.objection()
    if objection:
        fail(objection)
    try:
        base = first_free_base(Layout(0, quote_replicas).offsets().values(), port_base)
    except OSError as error:
        fail(str(error))
    if base != port_base:
        say(f"ports from {port_base} are taken; using those from {base}")
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        if unprivileged().guise is Guise.NOBODY:
            directory.chmod(0o711)
        run(Wanted(DataDirectory.open(directory), Layout(base, quote_replicas)), _tell_the_story)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@app.command()
def slip(
    receipt: Annotated[str | None, typer.Option(help="Which open order. [default: one that promises stand on]")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How much later it comes.")] = 10,
    port_base: PortBase = None,
    key: Key = None,
) -> None:
    """Let something that the running demo has ordered come later."""
    from deploy.demo import incidents

    _happen(port_base, key, lambda doors: incidents.slip(doors, say, receipt, days))


@app.command()
def breakdown(
    resource: Annotated[str, typer.Option(help="Which machine.")] = "SAW",
    days: Annotated[int, typer.Option(min=1, max=30, help="For how many of its days with work.")] = 10,
    port_base: PortBase = None,
    key: Key = None,
) -> None:
    """Let a machine of the running demo stand still."""
    from deploy.demo import incidents

    _happen(port_base, key, lambda doors: incidents.breakdown(doors, say, resource, days))


@app.command()
def promotion(
    sku: Annotated[str, typer.Option(help="What is advertised.")] = "CHAIR",
    orders: Annotated[int, typer.Option(min=1, max=200, help="How many customers order.")] = 12,
    port_base: PortBase = None,
    key: Key = None,
) -> None:
    """Let many customers of the running demo order the same at once."""
    from deploy.demo import incidents

    _happen(port_base, key, lambda doors: incidents.promotion(doors, say, sku, orders))


@app.command()
def files(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; it may be new.")],
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which they are true. [default: today]")] = None,
) -> None:
    """Write the sample company as CSV files whose days are of now, as `pledge import` takes them, its open orders too."""
    from deploy.demo.company import write

    day = (today or datetime.now(UTC)).date()  # noqa: TID251 -- which day the sample data is moved to
    try:
        directory.mkdir(parents=True, exist_ok=True)
        written = write(day, directory)
    except OSError as error:
        fail(f"{error.strerror}: {error.filename}")
    for path in written:
        say(str(path))


def _happen(port_base: int | None, key: str | None, incident: Callable[["Doors"], Awaitable[None]]) -> None:
    from deploy.demo.doors import AwayError
    from deploy.demo.incidents import CannotHappenError

    running = running_demo(port_base)
    base, found = port_base or (running and running.port_base), key or (running and running.development_key)
    if not base or not found:
        fail("no demo runs here: start one with `make demo`, or name an installation with --port-base and --api-key")
    try:
        asyncio.run(_at(Layout(base).urls, found, incident))
    except (AwayError, CannotHappenError) as error:
        fail(str(error))


async def _at(urls: Urls, key: str, incident: Callable[["Doors"], Awaitable[None]]) -> None:
    from deploy.demo.doors import Doors

    async with Doors(urls, key) as doors:
        await incident(doors)


def running_demo(port_base: int | None) -> Running | None:
    """The demo that runs under this user, on these ports if they are named; the latest of several."""
    found: list[Running] = []
    for path in sorted(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"), key=lambda path: path.stat().st_mtime):
        try:
            running = DataDirectory.open(path, create=False).running()
        except DataDirectoryError:
            continue
        if running is not None and port_base in (None, running.port_base):
            found.append(running)
    return found[-1] if found else None


async def _tell_the_story(urls: Urls, key: str, stop: asyncio.Event) -> None:
    from deploy.demo import story
    from deploy.demo.doors import AwayError, Doors
    from deploy.demo.sink import Sink, subscribe

    sink = Sink(say)
    try:
        with sink.listening():
            async with Doors(urls, key) as doors:
                try:
                    refused = await subscribe(doors, sink)
                except AwayError as away:
                    refused = str(away)
            say(f"alerts are not sent here: {refused}" if refused else f"alerts are also sent, signed, to {sink.url}, and said here")
            await story.run(urls, key, say, stop)
    except Exception as error:  # noqa: BLE001 - the product goes on when its story breaks off; the line below says that it did
        say(f"the story broke off ({type(error).__name__}: {error}); everything else goes on")

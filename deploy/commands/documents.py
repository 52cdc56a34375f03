"""`pledge openapi`, `pledge asyncapi`: what a service publishes about itself, without starting anything."""

import asyncio
import importlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.commands.saying import fail, say_json
from deploy.local.layout import OFFSETS

Service = Annotated[str, typer.Argument(help=f"One of {', '.join(OFFSETS)}.")]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write there. [default: stdout]")]


class Version(StrEnum):
    """Of OpenAPI; 3.0 is for tools that read nothing newer (Salesforce External Services)."""

    V31 = "3.1"
    V30 = "3.0"


def openapi(
    service: Service = "quote",
    version: Annotated[Version, typer.Option("--version", help="Of OpenAPI.")] = Version.V31,
    output: Output = None,
) -> None:
    """Print the OpenAPI document of a service, as it serves it."""
    _deliver(service, "/openapi.json" if version is Version.V31 else "/openapi-3.0.json", output)


def asyncapi(service: Service = "quote", output: Output = None) -> None:
    """Print the AsyncAPI 3.0 document of a service's events, as it serves it."""
    _deliver(service, "/asyncapi.json", output)


def _deliver(service: str, path: str, output: Path | None) -> None:
    import json

    document = asyncio.run(document_of(service, path))
    if output is None:
        say_json(document)
        return
    try:
        output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        fail(f"cannot write {output}: {error.strerror}")


async def document_of(service: str, path: str) -> Any:
    """Ask the application in this process, not started: no database, no broker, no port."""
    import httpx

    if service not in OFFSETS:
        fail(f"there is no service {service!r}; there are {', '.join(OFFSETS)}")
    settings = importlib.import_module(f"services.{service}.settings").Settings(
        database_url="postgresql://nobody@127.0.0.1/none",
        kafka="127.0.0.1:9092",
        key_secret="none",  # noqa: S106 - opens nothing
        log_level="error",
    )
    app = importlib.import_module(f"services.{service}.app").create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(path)
        answer.raise_for_status()
        return answer.json()

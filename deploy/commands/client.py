"""`pledge client`: a typed Python client of a service, generated from its document."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.documents import Service, document_of
from deploy.commands.saying import fail, say

Output = Annotated[Path, typer.Option("--output", metavar="DIR", help="Write the package there; what an earlier run wrote is replaced.")]


def client(service: Service = "quote", output: Output = Path("pledge-client")) -> None:
    """Generate a typed Python client (httpx, attrs) from the OpenAPI document of a service. Needs what `make setup` installs."""
    try:
        from openapi_python_client import generate
        from openapi_python_client.config import Config, ConfigFile, MetaType
    except ImportError:
        fail("the generator is not installed: run `make setup`, or install openapi-python-client")
    name = "pledge-client" if service == "quote" else f"pledge-{service}-client"
    wanted = ConfigFile(
        project_name_override=name,
        package_name_override=name.replace("-", "_"),
        content_type_overrides={"application/x-ndjson": "text/plain", "text/csv": "application/octet-stream"},
    )
    document = asyncio.run(document_of(service, "/openapi.json"))
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))  # where the generator finds ruff
    with tempfile.TemporaryDirectory(prefix="pledge-") as directory:
        source = Path(directory, "openapi.json")
        source.write_text(json.dumps(document))
        config = Config.from_sources(wanted, MetaType.SETUP, source, "utf-8", overwrite=True, output_path=output)
        complaints = generate(config=config)
    if complaints:
        fail("; ".join(f"{each.header}: {each.detail}" for each in complaints))
    say(f"{output}: the package {name.replace('-', '_')}; install it with `pip install {output}`")

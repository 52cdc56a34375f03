"""Do other readers take our OpenAPI documents: a Java parser, a JavaScript parser, and Salesforce External Services?"""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.documents import document_of

HERE = Path(__file__).parent
SERVICES = ("quote", "inventory", "capacity", "notifier")
READERS = ("java", "node")
INSTALL_SECONDS = 240
Json = dict[str, Any]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The 3.0.3 document of each service as a file."""
    folder = tmp_path_factory.mktemp("documents")
    for service in SERVICES:
        made = asyncio.run(document_of(service, "/openapi-3.0.json"))
        folder.joinpath(f"{service}.json").write_text(json.dumps(made))
    return {service: folder / f"{service}.json" for service in SERVICES}


def complaints(reader: str, paths: list[Path]) -> list[str]:
    """What a reader says against documents. Skips, and says why, where its language is not installed."""
    return (_by_java if reader == "java" else _by_node)([str(path) for path in paths])


def _by_java(paths: list[str]) -> list[str]:
    java, maven = _tool("java", "a JDK"), _tool("mvn", "Maven")
    with _installed("swagger-parser", HERE / "pom.xml") as jars:
        if not any(jars.glob("*.jar")):
            _install([maven, "-B", "-q", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", f"-DoutputDirectory={jars}"], jars)
        return _said([java, "-cp", f"{jars}/*", str(HERE / "Read.java"), *paths])


def _by_node(paths: list[str]) -> list[str]:
    node, npm = _tool("node", "Node.js"), _tool("npm", "npm")
    with _installed("openapi-npm", HERE / "package-lock.json") as modules:
        if not (modules / "node_modules" / "@apidevtools").is_dir():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, modules)
            _install([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], modules)
        return _said([node, str(HERE / "read.mjs"), str(modules), *paths])


def _tool(name: str, called: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"the documents are not read by a second reader: {called} is not installed ({name} is not in the path)")
    return found


@contextlib.contextmanager
def _installed(name: str, locked: Path) -> Iterator[Path]:
    """A directory of this user for what is installed by this lock; it outlives the run."""
    chosen = os.environ.get("XDG_CACHE_HOME") or Path(os.environ.get("HOME") or tempfile.gettempdir(), ".cache")
    version = hashlib.sha256(locked.read_bytes()).hexdigest()[:12]
    directory = Path(chosen, "pledge", f"{name}-{version}")
    directory.mkdir(parents=True, exist_ok=True)
    yield directory


def _install(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-1:]
        shutil.rmtree(directory)
        pytest.skip(f"the documents are not read by a second reader: `{Path(command[0]).name}` could not install it: {last}")


def _said(command: list[str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("reader", READERS)
def test_a_second_reader_takes_the_older_document_of_every_service(reader: str, documents: dict[str, Path]) -> None:
    assert complaints(reader, list(documents.values())) == []


@pytest.mark.parametrize("reader", READERS)
def test_a_second_reader_would_have_seen_a_mistake(reader: str, documents: dict[str, Path], tmp_path: Path) -> None:
    broken = json.loads(documents["quote"].read_text())
    del broken["paths"]["/v1/orders"]["post"]["responses"]["200"]["description"]
    broken["paths"]["/v1/orders/{order_id}"]["get"]["parameters"][0]["in"] = "nowhere"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken))
    assert complaints(reader, [path]) != []


# What Salesforce Help says of External Services ("System Limits", "Apex Class Names and Developer Names", "Naming and Description
# Conventions", "Schema Definitions"). Apex knows no difference between upper and lower case.
MOST_CHARACTERS = 10_000_000
LONGEST_NAME = 80
LONGEST_DESCRIPTION = 1333
APEX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
SERVICE_LABEL = "Pledge"


def everything(node: Any, at: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of a document with its place; examples and defaults are data and stay out."""
    if isinstance(node, list):
        for place, each in enumerate(node):
            yield from everything(each, f"{at}/{place}")
    elif isinstance(node, dict):
        yield at, node
        for key, value in node.items():
            if key not in ("example", "examples", "default", "enum"):
                yield from everything(value, f"{at}/{key}")


def hindrances(made: Json) -> list[str]:
    """What keeps Salesforce from taking a document, or from showing a part of it in Flow."""
    schemas = made["components"]["schemas"]
    found = [f"schema {name}" for name in schemas if not APEX_NAME.fullmatch(name) or len(f"{SERVICE_LABEL}_{name}") > LONGEST_NAME]
    found += [f"schema {name} is split" for name in schemas if name.endswith(("Input", "Output"))]
    found += [f"two are the same schema to Apex: {name}" for name in twins(schemas)]
    for at, node in everything({"paths": made["paths"], "schemas": schemas}):
        if at.endswith("/properties"):
            found += [f"{at}/{name}" for name in node if not APEX_NAME.fullmatch(name)]
            found += [f"{at}: two are the same to Apex: {name}" for name in twins(node)]
            continue
        found += [f"{at}: {word}" for word in ("anyOf", "oneOf", "not", "discriminator", "patternProperties") if word in node]
    return found + hindrances_of_operations(made["paths"])


def lists_of_lists(made: Json) -> list[str]:
    """What Apex reads and Flow cannot show as a field."""
    found = everything({"paths": made["paths"], "schemas": made["components"]["schemas"]})
    return [at for at, node in found if node.get("type") == "array" and node.get("items", {}).get("type") == "array"]


def hindrances_of_operations(paths: Json) -> list[str]:
    """The same of the operations, which become actions in Flow."""
    operations = [(f"{method} {path}", method, made) for path, methods in paths.items() for method, made in methods.items()]
    names = [made["operationId"] for _, _, made in operations]
    found = [f"operationId {name}" for name in names if len(name) > LONGEST_NAME or not APEX_NAME.fullmatch(name)]
    found += [f"two are the same operation to Apex: {name}" for name in twins(names)]
    found += [f"{where} has a body" for where, method, made in operations if method == "get" and "requestBody" in made]
    for where, _, made in operations:
        described = [each.get("description", "") for each in (made, *made.get("parameters", ()))]
        found += [f"{where}: a description is cut" for text in described if len(text) > LONGEST_DESCRIPTION]
    return found


def twins(names: Iterable[str]) -> set[str]:
    """Those that differ in upper and lower case alone."""
    lower = [name.lower() for name in names]
    return {name for name in lower if lower.count(name) > 1}


@pytest.mark.parametrize("service", SERVICES)
def test_salesforce_can_take_the_document(service: str, documents: dict[str, Path]) -> None:
    written = documents[service].read_text()
    assert len(written) <= MOST_CHARACTERS
    assert json.loads(written)["openapi"].startswith("3.0.")
    assert hindrances(json.loads(written)) == []


def test_flow_can_show_every_field_of_quote(documents: dict[str, Path]) -> None:
    made = json.loads(documents["quote"].read_text())
    assert lists_of_lists(made) == []
    made["components"]["schemas"]["QuoteOut"]["properties"]["x"] = {"type": "array", "items": {"type": "array", "items": {}}}
    assert lists_of_lists(made) == ["/schemas/QuoteOut/properties/x"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("components", "schemas", "QuoteOut", "properties", "x"), {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        (("components", "schemas", "QuoteOut", "properties", "Summary"), {"type": "string"}),
        (("components", "schemas", "Page_Item_"), {"type": "object"}),
        (("components", "schemas", "quoteout"), {"type": "object"}),
        (("components", "schemas", "QuoteOut", "properties", "two words"), {"type": "string"}),
        (("paths", "/v1/orders", "post", "operationId"), "create_" + "o" * 80),
        (("paths", "/v1/orders", "get", "requestBody"), {"content": {}}),
    ],
)
def test_what_salesforce_does_not_take_is_seen(place: tuple[str, ...], value: Any, documents: dict[str, Path]) -> None:
    made = json.loads(documents["quote"].read_text())
    *way, last = place
    node = made
    for step in way:
        node = node[step]
    node[last] = value
    assert len(hindrances(made)) == 1

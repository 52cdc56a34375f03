"""The golden schemas: what was published once stays true. Additions are free; removals and new required fields are refused.

`python -m shared.contracts.golden --write` brings `schemas/` up to date, and refuses to write what would break a reader.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shared.contracts
from shared.contracts.base import Contract

Json = dict[str, Any]
DIRECTORY = Path(__file__).resolve().parent / "schemas"
_NAMING = frozenset({"title", "description", "default", "examples"})
"""What a schema says for people; it may change."""


def events() -> dict[str, type[Contract]]:
    """Every event type of every contract module, with its model."""
    found: dict[str, type[Contract]] = {}
    for module in pkgutil.iter_modules(shared.contracts.__path__):
        if module.ispkg or module.name == "golden":
            continue
        found |= getattr(importlib.import_module(f"shared.contracts.{module.name}"), "EVENTS", {})
    return dict(sorted(found.items()))


def schema(model: type[Contract]) -> Json:
    """The model as readers see it: as it is written, not as it is read."""
    return model.model_json_schema(mode="serialization")


def path(event_type: str) -> Path:
    """The golden file of an event type."""
    return DIRECTORY / f"{event_type}.json"


def text(model: type[Contract]) -> str:
    """What the golden file holds."""
    return json.dumps(schema(model), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def breaking(old: Json, new: Json) -> list[str]:
    """Why a reader of `old` may not understand `new`, one line for each reason; empty when every change is an addition."""
    return sorted(set(_differences(old, new, (old, new), "", ())))


def _differences(old: Any, new: Any, roots: tuple[Json, Json], at: str, seen: tuple[str, ...]) -> Iterator[str]:
    here = at or "/"
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{here} was {old!r} and is {new!r}"
        return
    if "$ref" in old:
        if old["$ref"] in seen:
            return
        seen = (*seen, old["$ref"])
    old, new = _resolved(old, roots[0]), _resolved(new, roots[1])
    yield from _properties(old, new, roots, at, seen)
    yield from _values(old, new, here)
    for keyword in ("items", "additionalProperties"):
        if keyword in old or keyword in new:
            yield from _differences(old.get(keyword, {}), new.get(keyword, {}), roots, f"{at}/{keyword}", seen)
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        before, after = old.get(keyword, []), new.get(keyword, [])
        if len(before) != len(after):
            yield f"{here}: {keyword} had {len(before)} alternatives and has {len(after)}"
        for place, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _differences(one, other, roots, f"{at}/{keyword}/{place}", seen)


def _properties(old: Json, new: Json, roots: tuple[Json, Json], at: str, seen: tuple[str, ...]) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        if name not in after:
            yield f"{at}/{name} was removed"
        else:
            yield from _differences(before[name], after[name], roots, f"{at}/{name}", seen)
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{at}/{name} is newly required"
    for name in sorted((set(old.get("required", ())) - set(new.get("required", ()))) & set(after)):
        yield f"{at}/{name} was always there and may now be missing"


def _values(old: Json, new: Json, here: str) -> Iterator[str]:
    gone = [value for value in old.get("enum", ()) if value not in new.get("enum", ())]
    if gone:
        yield f"{here} no longer takes {', '.join(map(str, gone))}"
    if "enum" in new and "enum" not in old and "const" not in old:
        yield f"{here} is now limited to some values"
    for keyword in ("type", "format", "const"):
        if old.get(keyword) != new.get(keyword) and not (keyword == "const" and old.get("const") in new.get("enum", ())):
            yield f"{here}: {keyword} was {old.get(keyword)!r} and is {new.get(keyword)!r}"


def _resolved(node: Json, root: Json) -> Json:
    while "$ref" in node:
        name = str(node["$ref"]).removeprefix("#/$defs/")
        node = {**root.get("$defs", {}).get(name, {}), **{key: value for key, value in node.items() if key not in {"$ref", *_NAMING}}}
    return node


def complaints() -> list[str]:
    """What is wrong between the contracts and the golden files; empty when they agree."""
    found: list[str] = []
    known = events()
    for event_type, model in known.items():
        golden = path(event_type)
        if not golden.exists():
            found.append(f"{event_type} has no golden schema: run `python -m shared.contracts.golden --write`")
            continue
        broken = breaking(json.loads(golden.read_text()), schema(model))
        found.extend(f"{event_type}: {reason}" for reason in broken)
        if not broken and golden.read_text() != text(model):
            found.append(f"{event_type} has additions: run `python -m shared.contracts.golden --write`")
    found.extend(
        f"{golden.stem} was published and is no longer said" for golden in sorted(DIRECTORY.glob("*.json")) if golden.stem not in known
    )
    return found


def write() -> list[str]:
    """Write every schema that is new or only has additions; return the reasons why others were left."""
    DIRECTORY.mkdir(exist_ok=True)
    for event_type, model in events().items():
        golden = path(event_type)
        if not golden.exists() or not breaking(json.loads(golden.read_text()), schema(model)):
            golden.write_text(text(model))
    return complaints()


def main(arguments: list[str] | None = None) -> int:
    """Compare, or write with `--write`. Exit code 1 when something does not agree."""
    parser = argparse.ArgumentParser(prog="python -m shared.contracts.golden", description="Golden schemas of the events.")
    parser.add_argument("--write", action="store_true", help="write new schemas and additions")
    wrong = write() if parser.parse_args(arguments).write else complaints()
    for line in wrong:
        sys.stderr.write(line + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

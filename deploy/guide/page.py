"""Where an example stands on the page: between `<!-- run: name -->` and `<!-- end -->`; what is around it is written by hand."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.guide.house import UnexpectedError
from deploy.guide.saying import Said

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "promising.md"
IMAGES = DOCUMENT.parent / "images"
PREFIX = "promising-"
_BLOCK = re.compile(r"<!-- run: (?P<name>[a-z0-9-]+) -->\n.*?<!-- end -->", re.DOTALL)


def with_runs(text: str, said: Mapping[str, Said]) -> str:
    """The page with every example as it came out. Raises UnexpectedError when page and examples do not name the same ones."""
    named = [found["name"] for found in _BLOCK.finditer(text)]
    if sorted(named) != sorted(said):
        raise UnexpectedError(f"on the page alone: {set(named) - set(said)}; an example alone: {set(said) - set(named)}; or one twice")
    return _BLOCK.sub(lambda found: f"<!-- run: {found['name']} -->\n{said[found['name']].text.strip()}\n<!-- end -->", text)


def pictures_of(said: Iterable[Said]) -> dict[str, str]:
    """Every picture of the page by its file name."""
    return {f"{PREFIX}{name}.svg": picture for one in said for name, picture in one.pictures.items()}


def pictures_there() -> dict[str, str]:
    """The pictures in the repository."""
    return {path.name: path.read_text() for path in sorted(IMAGES.glob(f"{PREFIX}*.svg"))}


def write(text: str, pictures: Mapping[str, str]) -> None:
    """Put page and pictures in their place; a picture that is no longer made goes."""
    DOCUMENT.write_text(text)
    for name in pictures_there().keys() - pictures.keys():
        (IMAGES / name).unlink()
    for name, picture in pictures.items():
        (IMAGES / name).write_text(picture)

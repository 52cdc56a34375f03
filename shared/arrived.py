"""What the edge has read of a request already, so that nobody reads it twice."""

from typing import Final

from starlette.types import Scope

HEADERS: Final = "pledge.headers"
"""In the scope: the headers by their name in lower case."""
BODY: Final = "pledge.body"
"""In the scope: the whole body, of a request whose body is not streamed."""


def by_name(scope: Scope) -> dict[bytes, bytes]:
    """The headers by their name; of several of one name the first, as the framework reads them."""
    return dict(reversed(scope["headers"]))


def header(scope: Scope, name: bytes) -> str:
    """A header's text, empty where it was not sent; `name` in lower case. Also of a request that did not come by the edge."""
    headers: dict[bytes, bytes] | None = scope.get(HEADERS)
    if headers is None:
        headers = by_name(scope)
    return headers.get(name, b"").decode("latin-1")

"""What may stand behind the question mark: the parameters of the operation, and nothing else.

A filter that is misspelt and ignored answers everything there is, and looks like an answer.
"""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.problems import FieldError, unprocessable

_known: dict[Callable[..., Any], frozenset[str]] = {}


async def refuse_unknown(request: Request) -> None:
    """Raise a 422 Problem for query parameters that the operation does not have, each with its name."""
    route = request.scope["route"]
    if not request.scope["query_string"] or not isinstance(route, APIRoute):
        return
    known = _known.get(route.endpoint)
    if known is None:
        known = _known[route.endpoint] = frozenset(_names(route.dependant))
    if unknown := sorted(set(request.query_params) - known):
        there = f"there are {', '.join(sorted(known))}" if known else "there are none"
        errors = [FieldError(f"/{name}", "unknown_parameter", f"query parameter: unknown here; {there}") for name in unknown]
        raise unprocessable("INVALID_REQUEST", f"{errors[0].pointer}: {errors[0].message}", errors)


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for other in dependant.dependencies:
        yield from _names(other)

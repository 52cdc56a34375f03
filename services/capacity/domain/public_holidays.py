"""Which days are public holidays in a country? The `holidays` library knows; nothing here asks anybody."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays

_LANGUAGE = "en_US"
"""Names of holidays where the library has them in several languages."""


@lru_cache(maxsize=1)
def _supported() -> Mapping[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)


def is_country(country: str) -> bool:
    """Whether holidays are known for this ISO 3166-1 code (`DE`)."""
    return country in _supported()


def is_subdivision(country: str, subdivision: str) -> bool:
    """Whether the country has this part (`BY`), in the second half of its ISO 3166-2 code or the library's own words."""
    return subdivision in _supported().get(country, ())


def subdivisions(country: str) -> tuple[str, ...]:
    """The parts of a country with holidays of their own."""
    return tuple(_supported().get(country, ()))


@lru_cache(maxsize=256)
def public_holidays(country: str, subdivision: str | None, first_year: int, last_year: int) -> Mapping[date, str]:
    """Name by day, for whole years, both included."""
    years = range(first_year, last_year + 1)
    found = holidays.country_holidays(country, subdiv=subdivision, years=years, expand=False, language=_language(country))
    return dict(found.items())


@lru_cache(maxsize=256)
def _language(country: str) -> str | None:
    spoken = holidays.country_holidays(country).supported_languages
    return _LANGUAGE if _LANGUAGE in spoken else None

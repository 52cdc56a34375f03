"""Civil dates as a caller writes them: `2026-12-24`, and nothing that merely could be read as a day."""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written(value: object) -> object:
    if type(value) is date or (isinstance(value, str) and _WRITTEN.fullmatch(value)):
        return value
    raise PydanticCustomError("date_format", "Input should be a date: write 2026-12-24")


CivilDate = Annotated[date, BeforeValidator(_written)]
"""A day without an hour. A number is not one, nor is an instant: whose midnight would that be?"""

"""How many examples a property tries: few enough in `make test` for a busy day, ten thousand each in `make soak`, few in `make mutants`."""

import os

from hypothesis import settings

PROFILE = os.environ.get("PLEDGE_HYPOTHESIS", "default")
EXAMPLES_OF_A_SOAK = 10_000
EXAMPLES_OF_A_MUTANT = 50
"""Thousands of changed rules are each asked of many properties: a change that fifty examples do not show is asked again with all."""


def examples(count: int) -> settings:
    """So many examples, where the default number would take too long; as many as every other property in a profile of its own."""
    return settings(max_examples={"soak": EXAMPLES_OF_A_SOAK, "mutants": min(count, EXAMPLES_OF_A_MUTANT)}.get(PROFILE, count))

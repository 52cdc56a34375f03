"""How many examples a property tries: few enough in `make test` for a busy day, ten thousand each in `make soak`."""

import os

from hypothesis import settings

SOAK = os.environ.get("PLEDGE_HYPOTHESIS") == "soak"
EXAMPLES_OF_A_SOAK = 10_000


def examples(count: int) -> settings:
    """So many examples, where the default number would take too long; as many as every other property in the soak."""
    return settings(max_examples=EXAMPLES_OF_A_SOAK if SOAK else count)

"""What the others have defined, as the kernel asks for it: items, sites, the ways from them, the sources of supply.

| file | what |
|---|---|
| `known.py` | every definition, and what is asked of them all the time |
| `supply.py` | where more of an item can come from: transfer, make, buy |
| `readings.py` | one definition as a value of the kernel |
| `hours.py` | zones, cut-off times, and until when what was worked out holds |
"""

from services.quote.world.known import World
from services.quote.world.readings import allocation_of

__all__ = ["World", "allocation_of"]

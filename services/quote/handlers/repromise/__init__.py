"""Deciding promises anew: first a simulation that says who wins and who loses, then, if the books have not moved, for good.

`scope.py` says whom it is about, `simulation.py` decides round by round, `resupply.py` plans for those who lose, `move.py` is what moving
a promise writes, `tell.py` how it is answered, `apply.py` lets it come true, `again.py` works it out once more.
"""

from services.quote.handlers.repromise.apply import ApplySimulation, prepare
from services.quote.handlers.repromise.simulation import KeepSimulation, find_simulation, simulate

__all__ = ["ApplySimulation", "KeepSimulation", "find_simulation", "prepare", "simulate"]

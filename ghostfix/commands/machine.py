"""The machine at hand, as every subcommand gets it."""

from ghostfix.managers.register import SIGNS
from ghostfix.model.machine import ActingSystem
from ghostfix.service.match_search import SEARCHES
from ghostfix.system import LocalSystem
from ghostfix.system.match_search import Searcher


def local_system() -> ActingSystem:
    """The machine at hand, which knows the signs of every manager."""
    if SEARCHES.elsewhere is None:
        SEARCHES.elsewhere = Searcher()
    return LocalSystem(SIGNS)

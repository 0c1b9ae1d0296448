"""What each folder of ``managers/`` exports as its ``MANAGER``: all that the other rooms ask of a manager."""

from collections.abc import Callable
from dataclasses import dataclass

from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.snapshot import Snapshot


@dataclass(frozen=True)
class Adoption:
    """One value of ``adopt --with`` of this manager, and whether the manager runs on a scanned machine."""

    kind: str
    is_at_hand: Callable[[Snapshot], bool]
    starts_again_at_once: bool = True
    """Whether it notices by itself that the service ended; cron only comes round at its next minute."""


@dataclass(frozen=True)
class Manager:
    """One manager, or a family of managers that work alike, as one row.

    The signs are plain words, there at once. The functions import the folder's modules: a start that asks
    nothing of this manager does not load them.
    """

    signs: tuple[ManagerSigns, ...]
    """One for each kind of the family, in the order in which a report names them."""
    restarters: Callable[[], tuple[Restarter, ...]]
    """How its jobs are read, held and started; one for each kind that can be."""
    adopters: Callable[[], tuple[Adopter, ...]] = tuple
    adoptions: tuple[Adoption, ...] = ()
    """One for each adopter, in their order."""

"""Available managers: those to which a service without one could be given on this machine, the best first."""

from ghostfix.managers.register import ADOPTIONS
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot


def available_managers(snapshot: Snapshot, service: Service) -> tuple[str, ...]:
    """Values for ``ghostfix adopt --with``; none for a service that has a manager, or cannot be started.

    By the processes that were seen, so what ``adopt`` finds when it asks them may be less.
    """
    if service.manager != "none" or not service.start_command or not service.instances:
        return ()
    there = [adoption for adoption in ADOPTIONS if adoption.is_at_hand(snapshot)]
    return tuple(adoption.kind for adoption in sorted(there, key=lambda each: not each.starts_again_at_once))

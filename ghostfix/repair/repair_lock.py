"""One repair or undo of a service at a time, and one edit at a time of what services share.

Two locks, both the kernel's, which lets go of them however we end. A file in the caller's own state folder
says who works on the service since when. It is private, so it keeps only one user's repairs apart; a lock
on the service's own directory keeps apart those of different users, root among them. That lock needs no
file that others could plant, and the process that holds it can be named.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ghostfix.model.errors import ChangedError, RepairError, StepError
from ghostfix.model.machine import ActingSystem
from ghostfix.model.safe_text import safe
from ghostfix.model.step import Step
from ghostfix.model.text_units import utc_text
from ghostfix.repair.state_folder import lock_path, own_folder, state_folder, unwritable

_PATIENCE = 30.0
"""Seconds that a step waits for those who edit the same; such an edit takes one or two."""


@contextmanager
def exclusive(system: ActingSystem, service: str, directory: str, act: str) -> Iterator[None]:
    """Holds the service's locks.

    Raises RepairError, saying who holds them (and since when), while another ghostfix does.
    """
    own_folder(system, "locks")
    caller = system.caller()
    since = utc_text(system.now())
    note = f"ghostfix {act} by {caller.user}, pid {caller.pid}, since {since}"
    with ExitStack() as stack:
        try:
            stack.enter_context(system.lock(lock_path(system, service, directory), note.encode()))
            stack.enter_context(system.lock_folder(directory))
        except ChangedError as error:
            raise RepairError(
                f"{service} is being worked on already: {safe(str(error))}", "wait until that has ended"
            ) from error
        except StepError as error:
            raise unwritable(state_folder(system), error) from error
        yield


@contextmanager
def undisturbed(system: ActingSystem, step: Step) -> Iterator[None]:
    """Holds the locks of what a step edits, from its check to its reading back.

    Raises ChangedError, naming the holder, when one is not free in time: its holder may keep it for ever.
    """
    with ExitStack() as stack:
        for place in sorted(step.shared(system), key=lambda shared: shared.folder):
            stack.enter_context(system.lock_shared(place.folder, place.user, _PATIENCE))
        yield

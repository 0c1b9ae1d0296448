"""One repair or undo of a service at a time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from ghostfix.errors import ChangedError, RepairError, StepError
from ghostfix.machine import ActingSystem
from ghostfix.state import lock_path, own_folder
from ghostfix.untrusted import shown


@contextmanager
def exclusive(system: ActingSystem, service: str, directory: str, act: str) -> Iterator[None]:
    """Holds the service's lock; the kernel lets go of it however we end.

    Raises RepairError, saying who holds it since when, while another ghostfix of this user does.
    """
    own_folder(system, "locks")
    caller = system.caller()
    since = f"{datetime.fromtimestamp(system.now(), UTC):%Y-%m-%d %H:%M:%S} UTC"
    note = f"ghostfix {act} by {caller.user}, pid {caller.pid}, since {since}"
    with ExitStack() as stack:
        try:
            stack.enter_context(system.lock(lock_path(system, service, directory), note.encode()))
        except ChangedError as error:
            raise RepairError(
                f"{service} is being worked on already: {shown(str(error))}", "wait until that has ended"
            ) from error
        except StepError as error:
            raise RepairError(f"{service} cannot be locked for a repair: {error}") from error
        yield

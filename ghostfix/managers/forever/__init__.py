"""forever: scripts that its monitor starts again."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerProcess, ManagerSigns

SIGNS = ManagerSigns(
    kind="forever",
    title="forever",
    # Its monitor is a script of its own: .../forever/bin/monitor (forever's lib/forever.js).
    processes=(ManagerProcess("forever", "forever"), ManagerProcess("forever/bin/monitor", "forever")),
    variables=("FOREVER_ROOT",),
)


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.forever import jobs

    return (jobs.RESTARTER,)


MANAGER = Manager((SIGNS,), _restarters)

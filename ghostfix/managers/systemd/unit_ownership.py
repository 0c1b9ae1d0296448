"""Unit ownership: whether a unit's main process runs a process itself, or only gives it a control group.

A control group holds whatever was ever started in it: the jobs of cron, what a CI runner or an editor was
told to run, the shells of people who came in by ssh. systemd restarts a unit when its *main process* ends
(systemd.service(5)); nothing else in the group is started again by that.
"""

from collections.abc import Sequence

from ghostfix.model.invocation import read_argv
from ghostfix.model.manager_signs import ManagerSigns, manager_of
from ghostfix.model.process import Process


def runs_itself(
    main_pid: int, process: Process, ancestors: Sequence[Process], managers: Sequence[ManagerSigns]
) -> bool:
    """Whether the process is the unit's main process, or is below it with no shell, login or manager between.

    The main process may be a shell that runs a script, but no shell that is told what to run.
    """
    if main_pid <= 1:
        return False
    if process.pid == main_pid:
        return True
    for above in ancestors:
        if manager_of(above, managers) is not None:
            return False
        invocation = read_argv(above.argv)
        shell = invocation is not None and invocation.is_shell
        if above.pid == main_pid:
            told = invocation is None or (invocation.script is None and invocation.code is None)
            return not (shell and told)
        if shell:
            return False
    return False

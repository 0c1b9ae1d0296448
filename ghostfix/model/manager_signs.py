"""Signs of a manager: its processes, what it gives to those that it starts, and how it is commanded.

The rows themselves lie with their managers (``managers/NAME/__init__.py``). A machine is handed all of them
when it is made (``System.managers``): reading a process's environment and following a script both need to
know the managers' words, and neither may import a manager.
"""

import posixpath
from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from ghostfix.model.invocation import read_argv
from ghostfix.model.process import Process


class CommandForm(Enum):
    """In which order a program that commands a manager takes its words."""

    VERB_FIRST = "verb-first"
    """``systemctl restart NAME``"""
    NAME_FIRST = "name-first"
    """``service NAME restart``"""
    FLAGS = "flags"
    """``svc -u FOLDER``: the verbs are letters of an option."""


class ManagerCommand(Struct, frozen=True, kw_only=True):
    """One program that commands a manager."""

    program: str
    starts: frozenset[str] = frozenset()
    """The verbs (with ``FLAGS`` the letters) that start a job."""
    scans: frozenset[str] = frozenset()
    """The verbs that only report what runs."""
    form: CommandForm = CommandForm.VERB_FIRST
    only_with: tuple[tuple[str, str], ...] = ()
    """Verbs that start a job only beside an option: ``enable`` with ``--now``."""
    everything: frozenset[str] = frozenset()
    """Words that stand for all its jobs: ``all``, and verbs that need no name (``resurrect``)."""


class ManagerProcess(Struct, frozen=True):
    """One program of a manager: the name of its process (or of the script, or the module), and what it is."""

    name: str
    """Linux cuts a process's own name at 15 characters (proc_pid_comm(5)); both lengths are compared."""
    words: str


class ManagerSigns(Struct, frozen=True, kw_only=True):
    """One kind of manager, as it is seen from outside."""

    kind: str
    title: str
    """What one of its jobs is called in a sentence: ``systemd unit``, ``pm2 app``."""
    processes: tuple[ManagerProcess, ...] = ()
    variables: tuple[str, ...] = ()
    """Variables that it gives to what it starts, the one first that gives the manager away. They are
    inherited, so they are a hint and no proof."""
    job_sign: str = ""
    """The variable that names the job which started a process, or ``control group``; empty for neither."""
    commands: tuple[ManagerCommand, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other words for the kind in a profile's ``manager``."""
    init_scripts: bool = False
    """Whether ``/etc/init.d/NAME start`` is a command of its."""
    adopts_orphans: bool = False
    """Whether processes whose parent ended are handed to it (PR_SET_CHILD_SUBREAPER, or it is PID 1)."""
    starts_again: bool = True
    """Whether it starts its children again by its own configuration; an init of a container does not."""
    is_session: bool = False
    """Whether a person sits behind it."""
    restarts_what_it_started: bool = True
    """Whether a child of which no configuration was found will be started again when it ends (cron's not)."""


_CUT = 15
"""Characters of a process's own name that Linux keeps."""


def manager_of(
    process: Process, managers: Iterable[ManagerSigns]
) -> tuple[ManagerSigns, ManagerProcess] | None:
    """The manager of which this process is a program, by its name and by what it runs; None for none.

    A script's or a module's name counts only where an interpreter runs it. A title behind the name does not
    matter: ``PM2 v5.3.0: God Daemon (/root/.pm2)`` is ``PM2``, ``tmux: server`` is ``tmux``.
    """
    invocation = read_argv(process.argv)
    paths = [process.name]
    if invocation is not None:
        paths.insert(0, invocation.name.lstrip("-"))
        paths += [each for each in (invocation.script, invocation.module) if each is not None]
    names = {_first_word(posixpath.basename(path)) for path in paths}
    for signs in managers:
        for known in signs.processes:
            if known.name[:_CUT] in names or any(path.endswith(f"/{known.name}") for path in paths):
                return signs, known
    return None


def _first_word(name: str) -> str:
    return name.partition(" ")[0].rstrip(":")[:_CUT]

"""Live parent: the program above an instance, which may start it again although its text does not say so.

A supervisor of any language that reads its commands from a configuration, a compiled one: what they start is
in no text that could be followed. That the instance is their child is a fact of the kernel; that they would
start it again is only possible, as long as it was not seen.
"""

from collections.abc import Container, Iterable, Iterator

from msgspec import Struct

from ghostfix.model.invocation import read_argv, read_command
from ghostfix.model.machine import System
from ghostfix.model.manager_signs import manager_of
from ghostfix.model.process import Process, ProcessTree
from ghostfix.scripts.ghostfix_run_command import read_own_run
from ghostfix.scripts.wrappers import launches


class LiveParent(Struct, frozen=True):
    """A program, and the instances that are its children."""

    process: Process
    instances: tuple[Process, ...]


def live_parents(
    system: System, tree: ProcessTree, tops: Iterable[Process], read: Container[tuple[str, ...]]
) -> Iterator[LiveParent]:
    """The programs above the instances that may start them again.

    ``read`` are command lines whose text says what they do, also in the copy that a shell leaves of itself.
    Left out are the first process, a manager that ghostfix asks, a session, a shell at which a person sits,
    and a launcher that only waits for the one command on its command line (``timeout``, ``sudo``).
    """
    own = system.caller().own_pids
    below: dict[int, list[Process]] = {}
    for top in tops:
        parent = _starter(system, tree, top)
        if parent is not None and parent.argv not in read and parent.pid not in own:
            below.setdefault(parent.pid, []).append(top)
    for pid, instances in below.items():
        yield LiveParent(tree.by_pid[pid], tuple(instances))


def _starter(system: System, tree: ProcessTree, top: Process) -> Process | None:
    """The nearest ancestor that is no launcher; None where that one is no program in this sense."""
    for above in tree.ancestors(top.pid):
        if above.pid <= 1 or not above.alive or not above.argv or manager_of(above, system.managers):
            return None
        invocation = read_argv(above.argv)
        if invocation is None or read_own_run(invocation) is not None:
            return None
        if invocation.is_shell and invocation.script is None and invocation.code is None:
            return None
        if read_command(above.argv) == invocation and launches(above.argv) is None:
            return above
    return None

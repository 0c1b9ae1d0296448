"""Line of a process: which crontab line started a process.

A process that is still below cron shows its line: cron gave the shell the command as text. One that was put
in the background has PPID 1 and, without systemd, no trace of cron; what survives is a start time that falls
on the schedule, the redirect's target among its open files, and the environment that cron gives.
"""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.managers.cron.daemon import is_cron
from ghostfix.managers.cron.schedule import falls_on
from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process, ProcessDetail, ProcessTree

_CONTROL_GROUP = Pattern(r"/(cron|crond|cronie|vixie-cron|fcron)\.service(/|$)")
_NOT_CRONS = ("TMUX", "STY", "GHOSTFIX_STARTED")


class CrontabLine(Struct, frozen=True, kw_only=True):
    """What of a crontab line can be recognised in a process that it started."""

    schedule: str
    """Empty for a line that is commented out."""
    shell_text: str
    user: str
    home: str
    shell: str
    output: str | None
    """The file to which the service's output goes, as the command and its scripts say."""


def attribute(
    system: System, tree: ProcessTree, processes: Sequence[Process], lines: Sequence[CrontabLine]
) -> tuple[tuple[int, ...], ...]:
    """For each line the PIDs, among these processes, of those that it started.

    Identical lines are not distinguished by what they started; they share it out evenly.
    """
    started: list[list[int]] = [[] for _ in lines]
    for process in processes:
        matching = _lines_of(system, tree, process, lines)
        if matching:
            chosen = min(matching, key=lambda index: len(started[index]))
            started[chosen].append(process.pid)
    return tuple(tuple(pids) for pids in started)


def _lines_of(
    system: System, tree: ProcessTree, process: Process, lines: Sequence[CrontabLine]
) -> tuple[int, ...]:
    chain = (process, *tree.ancestors(process.pid))
    depth = next((depth for depth, link in enumerate(chain[1:], start=1) if is_cron(link)), None)
    if depth is not None:
        return _below_cron(chain[:depth], lines)
    above = chain[-2] if len(chain) > 1 and chain[-1].pid == 1 else chain[-1]
    return _orphaned(system, process, above, lines) if above.ppid == 1 else ()


def _below_cron(chain: Sequence[Process], lines: Sequence[CrontabLine]) -> tuple[int, ...]:
    """``chain`` goes from the process up to the child of cron's fork."""
    invocations = [read_argv(link.argv) for link in chain]
    texts = {found.code.strip() for found in invocations if found is not None and found.code is not None}
    same_text = [index for index, line in enumerate(lines) if line.shell_text.strip() in texts]
    candidates = same_text or [index for index, line in enumerate(lines) if line.schedule]
    of_user = [index for index in candidates if lines[index].user == chain[-1].user] or candidates
    on_time = [index for index in of_user if falls_on(lines[index].schedule, chain[-1].id.started)]
    if on_time:
        return tuple(on_time)
    return tuple(of_user) if same_text or len(of_user) == 1 else ()


def _orphaned(
    system: System, process: Process, above: Process, lines: Sequence[CrontabLine]
) -> tuple[int, ...]:
    """``above`` is the topmost process below PID 1: the process itself, or what it runs under."""
    on_time = [index for index, line in enumerate(lines) if falls_on(line.schedule, above.id.started)]
    if not on_time:
        return ()
    detail = process.detail or system.detail(process)
    if detail.control_group is not None and _CONTROL_GROUP.search(detail.control_group):
        return tuple(on_time)
    return tuple(index for index in on_time if _bears_traces(lines[index], process, detail))


def _bears_traces(line: CrontabLine, process: Process, detail: ProcessDetail) -> bool:
    if line.output is not None and not line.output.startswith("/dev/"):
        return line.output in (detail.open_files or ())
    return (
        process.user == line.user
        and detail.variable("LOGNAME") == line.user
        and detail.variable("HOME") == line.home
        and detail.variable("SHELL") == line.shell  # a person's is seldom /bin/sh
        and all(detail.variable(name) is None for name in _NOT_CRONS)
    )

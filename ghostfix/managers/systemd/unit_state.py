"""Unit state: how a service unit ended, as ``systemctl show`` has it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ghostfix.managers.systemd.systemctl import Scope, has_given_up, properties
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Reading

_PROPERTIES = (
    "Id", "LoadState", "LoadError", "ActiveState", "SubState", "Result", "Type", "PIDFile", "MainPID",
    "NRestarts", "StartLimitBurst", "ExecMainCode", "ExecMainStatus", "ExecMainStartTimestampMonotonic",
    "ExecMainExitTimestampMonotonic", "InactiveEnterTimestampMonotonic", "StateChangeTimestampMonotonic",
    "ConditionResult", "ConditionTimestampMonotonic", "AssertResult", "AssertTimestampMonotonic",
    "InvocationID", "FragmentPath", "DropInPaths", "ExecCondition", "ExecStartPre", "ExecStart",
    "ExecStartPost",
)  # fmt: skip
_COMMANDS = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost")
_SECONDS = 10.0
_EXITED, _KILLED, _DUMPED = 1, 2, 3
"""``si_code`` of waitid(2): what ``ExecMainCode`` is."""
_COMMAND = Pattern(
    r"\{ path=(?P<path>.*?) ; argv\[\]=.*? ; .*?code=(?P<code>\S+) ; status=(?P<status>\d+)(?:/\S*)? \}"
)


class CommandEnd(Struct, frozen=True):
    """One command of a unit, and how it ended."""

    setting: str
    """``ExecStartPre``."""
    program: str
    code: str
    """``exited``, ``killed`` or ``dumped``; ``(null)`` while it has not ended."""
    status: int
    """The exit status, or the number of the signal."""

    @property
    def failed(self) -> bool:
        return self.code in ("killed", "dumped") or (self.code == "exited" and self.status != 0)


class UnitState(Struct, frozen=True, kw_only=True):
    """The last run of a service unit; moments are microseconds since the boot, 0 for never."""

    unit: str
    load_state: str = ""
    load_error: str = ""
    active_state: str = ""
    sub_state: str = ""
    result: str = ""
    type: str = ""
    pid_file: str = ""
    main_pid: int = 0
    restarts: int = 0
    start_limit: int = 0
    code: int = 0
    status: int = 0
    started: int = 0
    exited: int = 0
    inactive: int = 0
    changed: int = 0
    unmet: bool = False
    """A condition was not met when it was last to be started."""
    refused: int = 0
    """When that was."""
    failed_assertion: bool = False
    invocation: str = ""
    fragment: str = ""
    drop_ins: tuple[str, ...] = ()
    commands: tuple[CommandEnd, ...] = ()

    @property
    def exit_status(self) -> int | None:
        """The exit status of its main process, when that has exited."""
        return self.status if self.code == _EXITED else None

    @property
    def signal(self) -> int | None:
        """The number of the signal that ended its main process."""
        return self.status if self.code in (_KILLED, _DUMPED) else None

    @property
    def failed_command(self) -> CommandEnd | None:
        """The command besides the main one that failed."""
        return next((each for each in self.commands if each.setting != "ExecStart" and each.failed), None)

    @property
    def program(self) -> str:
        """That of its main command."""
        return next((each.program for each in self.commands if each.setting == "ExecStart"), "")

    @property
    def restarting(self) -> bool:
        return self.sub_state == "auto-restart"

    @property
    def given_up(self) -> bool:
        return has_given_up(self.active_state, self.result, self.restarts, self.start_limit)


def unit_states(system: System, scope: Scope, units: Sequence[str]) -> Reading[tuple[UnitState, ...]]:
    """The state of each of these units; one that is nowhere has the load state ``not-found``."""
    if not units:
        return Reading(())
    command = scope.command("show", "--no-pager", f"--property={','.join(_PROPERTIES)}", "--", *units)
    answer = system.ask(command, timeout=_SECONDS, user=scope.runner)
    if answer.status != 0:
        return Reading((), f"systemctl did not answer for {scope.name}: {answer.complaint}", complete=False)
    states = (_state(block) for block in answer.text.split("\n\n"))
    return Reading(tuple(state for state in states if state.unit))


def _state(block: str) -> UnitState:
    values = properties(block)

    def number(key: str) -> int:
        text = values.get(key, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    unmet_at, failed_at = number("ConditionTimestampMonotonic"), number("AssertTimestampMonotonic")
    unmet = unmet_at > 0 and values.get("ConditionResult") == "no"
    failed = failed_at > 0 and values.get("AssertResult") == "no"
    return UnitState(
        unit=values.get("Id", ""),
        load_state=values.get("LoadState", ""),
        load_error=values.get("LoadError", "").partition(" ")[2].strip('"'),
        active_state=values.get("ActiveState", ""),
        sub_state=values.get("SubState", ""),
        result=values.get("Result", ""),
        type=values.get("Type", ""),
        pid_file=values.get("PIDFile", ""),
        main_pid=number("MainPID"),
        restarts=number("NRestarts"),
        start_limit=number("StartLimitBurst"),
        code=number("ExecMainCode"),
        status=number("ExecMainStatus"),
        started=number("ExecMainStartTimestampMonotonic"),
        exited=number("ExecMainExitTimestampMonotonic"),
        inactive=number("InactiveEnterTimestampMonotonic"),
        changed=number("StateChangeTimestampMonotonic"),
        unmet=unmet or failed,
        refused=failed_at if failed else unmet_at,
        failed_assertion=failed,
        invocation=values.get("InvocationID", ""),
        fragment=values.get("FragmentPath", ""),
        drop_ins=tuple(values.get("DropInPaths", "").split()),
        commands=tuple(_commands(block)),
    )


def _commands(block: str) -> Iterator[CommandEnd]:
    """Each command has a line of its own, also where several have the same setting."""
    for line in block.splitlines():
        key, _, value = line.partition("=")
        found = _COMMAND.search(value) if key in _COMMANDS else None
        if found is not None:
            yield CommandEnd(key, found["path"], found["code"], int(found["status"]))

"""The last end of a unit in words: from its state, its file and what its journal says of the run."""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.managers.systemd.culprit import (
    Culprit,
    UnitDefinition,
    environment_culprit,
    setup_culprit,
)
from ghostfix.managers.systemd.exit_status import SETUP_FAILURES, signal_name, status_words
from ghostfix.managers.systemd.systemctl import Scope
from ghostfix.managers.systemd.unit_file import UnitFile
from ghostfix.managers.systemd.unit_journal import JournalRecord
from ghostfix.managers.systemd.unit_state import UnitState
from ghostfix.model.job import Place
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.machine import System

_SHOW = "systemctl show"
_STOP_SIGNALS = ("TERM", "INT", "HUP")
_CONDITION_SECONDS = 5.0


class UnitEnd(Struct, frozen=True, kw_only=True):
    """All that is known of the last end of one unit."""

    system: System
    scope: Scope
    state: UnitState
    file: UnitFile
    records: tuple[JournalRecord, ...]
    """Those of its last run."""

    @property
    def definition(self) -> UnitDefinition:
        return UnitDefinition(unit=self.state.unit, scope=self.scope, file=self.file)


def not_loadable(state: UnitState, scope: Scope, records: Sequence[JournalRecord]) -> LastEnd:
    """The end of a unit whose definition systemd does not have, or refuses."""
    fault = next((record for record in reversed(records) if record.config_file), None)
    place = None if fault is None else Place(fault.config_file, fault.config_line)
    words = {
        "not-found": "systemd has no unit of this name",
        "masked": "it is masked: systemd starts it for nobody",
    }.get(state.load_state)
    if words is None:
        said = fault.text if fault is not None else state.load_error
        words = f"systemd cannot load it ({state.load_state}): {said}"
    return LastEnd(
        kind=EndKind.NOT_LOADABLE,
        manager="systemd",
        job=state.unit,
        scope=scope.name,
        reported_by=_SHOW if fault is None else "journalctl",
        words=words.rstrip("."),
        culprit=str(place) if place is not None else state.fragment or state.unit,
        place=place,
    )


def ended(end: UnitEnd) -> LastEnd:
    """The end of a unit that ran, or was to run; moments, counts and lines are the caller's to add."""
    state = end.state
    if state.unmet and state.active_state in ("inactive", "failed") and state.refused >= state.inactive:
        return _refused(end)
    if state.result == "resources":
        return _without_resources(end)
    if state.result in ("timeout", "watchdog", "protocol"):
        return _waited_in_vain(end)
    if state.result == "oom-kill":
        words = "the kernel killed it, or a process of it, for want of memory"
        return _last_end(end, EndKind.OUT_OF_MEMORY, words, signal="KILL")
    failed = state.failed_command
    if failed is not None and state.result != "success":
        killed = failed.code != "exited"
        return _process_end(end, failed.status, killed, failed.program, failed.setting)
    if state.signal is not None:
        return _process_end(end, state.signal, True, state.program, None)
    if state.exit_status is not None:
        return _process_end(end, state.exit_status, False, state.program, None)
    return _last_end(end, EndKind.NOT_STARTED, f"systemd could not start it: result {state.result}")


def _process_end(end: UnitEnd, status: int, killed: bool, program: str, phase: str | None) -> LastEnd:
    prefix = f"{phase}= failed: " if phase else ""
    if _was_told_to_stop(end, status, killed):
        return _last_end(end, EndKind.STOPPED, "systemd was told to stop it")
    if killed:
        name = signal_name(status) or str(status)
        words = f"{prefix}it was killed by SIG{name} (signal {status})"
        return _last_end(end, EndKind.SIGNALLED, words, signal=name, phase=phase)
    setup = SETUP_FAILURES.get(status)
    if setup is None:
        return _last_end(end, EndKind.EXITED, prefix + status_words(status), status=status, phase=phase)
    entries = end.definition.file.values("Service", phase or "ExecStart")
    place = entries[0].place if entries else None
    culprit = setup_culprit(end.system, end.definition, status, program, place)
    reason = _reason(end, culprit)
    words = f"{prefix}{setup.words} ({status}/{setup.name})" + (f": {reason}" if reason else "")
    return _last_end(end, EndKind.NOT_STARTED, words, culprit=culprit, status=status, phase=phase)


def _reason(end: UnitEnd, culprit: Culprit | None) -> str | None:
    """What was looked up; else what systemd itself notes of it."""
    if culprit is not None:
        return culprit.words
    told = [record.text for record in end.records if record.by_manager and "Failed " in record.text]
    return told[0].removeprefix(f"{end.state.unit}: ") if told else None


def _without_resources(end: UnitEnd) -> LastEnd:
    culprit = environment_culprit(end.system, end.definition)
    reason = _reason(end, culprit) or "systemd does not say which"
    words = f"systemd could not get what its start needs (resources): {reason}"
    return _last_end(end, EndKind.NOT_STARTED, words, culprit=culprit)


def _waited_in_vain(end: UnitEnd) -> LastEnd:
    state = end.state
    waited = {
        "timeout": "systemd waited in vain, and ended it",
        "watchdog": "it did not give its sign of life in time (WatchdogSec=), and systemd ended it",
        "protocol": "its start did not go as its Type= says",
    }[state.result]
    entry = next(iter(end.definition.entries("Type")), None)
    why = _why_not_ready(end) if state.result != "watchdog" else None
    culprit = None if why is None else Culprit(f"Type={state.type}", why, entry[0].place if entry else None)
    words = waited + (f": {why}" if why else "")
    return _last_end(end, EndKind.TIMED_OUT, words, culprit=culprit)


def _why_not_ready(end: UnitEnd) -> str | None:
    """What systemd waits for with this ``Type=`` (systemd.service(5)); None where nothing is missing."""
    state = end.state
    if state.type == "forking":
        path = state.pid_file
        missing = bool(path) and end.system.status(end.system.resolve(path)).value is None
        file = f", and its PIDFile={path} is not there" if missing else ""
        return f"Type=forking wants its program to go to the background and its first process to end{file}"
    if state.type.startswith("notify"):
        return f"Type={state.type} wants READY=1 from its program, which has not said it"
    if state.type == "dbus":
        return "Type=dbus wants its program to take the name of BusName="
    return None


def _refused(end: UnitEnd) -> LastEnd:
    name = _unmet(end)
    word = "assertion" if end.state.failed_assertion else "condition"
    entries = end.file.entries
    setting, _, value = name.partition("=")
    entry = next((each for each in entries if each.key == setting and value in each.value), None)
    words = f"an unmet {word} kept systemd from starting it" + (f": {name}" if name else "")
    culprit = Culprit(value.lstrip("!|") or name, words, entry.place if entry is not None else None)
    return _last_end(end, EndKind.REFUSED, words, culprit=culprit if name else None)


def _unmet(end: UnitEnd) -> str:
    """``ConditionPathExists=/etc/a``: the first that was not met, by the manager's list; empty if unknown.

    ``systemctl show`` prints it as "[unprintable]" (systemd 252), so that the bus is asked.
    """
    which = "Asserts" if end.state.failed_assertion else "Conditions"
    escaped = "".join(
        char if char.isascii() and char.isalnum() else f"_{ord(char):02x}" for char in end.state.unit
    )
    path = f"/org/freedesktop/systemd1/unit/{escaped}"
    bus = "org.freedesktop.systemd1"
    question = ("get-property", bus, path, f"{bus}.Unit", which)
    command = (
        (*end.scope.command()[:2], "busctl", "--user", *question) if end.scope.user else ("busctl", *question)
    )
    answer = end.system.ask(command, timeout=_CONDITION_SECONDS, user=end.scope.runner)
    return first_unmet(answer.text) if answer.status == 0 else ""


def first_unmet(text: str) -> str:
    """Of ``a(sbbsi) 1 "ConditionPathExists" false true "/etc/a" -1``: the first with a state below 0.

    The five fields: the setting, whether it is one of several of which one must be met, whether it is
    negated, its value, and the result of its last check.
    """
    import shlex  # late: only a refused unit needs it

    words = shlex.split(text)[2:]
    for setting, _trigger, negated, value, state in zip(
        *(words[start::5] for start in range(5)), strict=False
    ):
        if state.startswith("-"):
            return f"{setting}={'!' if negated == 'true' else ''}{value}"
    return ""


def _was_told_to_stop(end: UnitEnd, status: int, killed: bool) -> bool:
    """Whether a stop was asked for: systemd calls its end a success, and notes the job."""
    if end.state.result != "success" or end.state.active_state != "inactive":
        return False
    if any(record.job == "stop" for record in end.records):
        return True
    return killed and signal_name(status) in _STOP_SIGNALS


def _last_end(
    end: UnitEnd,
    kind: EndKind,
    words: str,
    *,
    culprit: Culprit | None = None,
    status: int | None = None,
    signal: str | None = None,
    phase: str | None = None,
) -> LastEnd:
    return LastEnd(
        kind=kind,
        manager="systemd",
        job=end.state.unit,
        scope=end.scope.name,
        reported_by=_SHOW if end.state.exited or not end.records else "journalctl",
        words=words,
        status=status,
        signal=signal,
        culprit=None if culprit is None else culprit.name,
        place=None if culprit is None else culprit.place,
        command_phase=phase,
    )

"""monit's daemon: which runs, with which control file, and what it says of each of its checks."""

import posixpath
from collections.abc import Iterable

from msgspec import Struct

from ghostfix.managers.monit.config import MonitCheck, MonitConfig, read_config
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, CommandAnswer, System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process
from ghostfix.model.reading import Reading, gathered
from ghostfix.service.trust import runner

_LIMIT = 1 << 20
_DEFAULTS = ("/etc/monit/monitrc", "/etc/monitrc", "/usr/local/etc/monitrc", "/opt/homebrew/etc/monitrc")
_HEADER = Pattern(r"^[A-Z][a-z]+(?: [A-Z]?[a-z]+)* '(.+)'\s*$")
_FACT = Pattern(r"^  ([a-z ]+?)\s{2,}(.*?)\s*$")


class MonitDaemon(Struct, frozen=True, kw_only=True):
    """One monit: its control file, and its process when it runs."""

    control: str
    process: Process | None = None


class CheckState(Struct, frozen=True, kw_only=True):
    """What ``monit status`` says of one check."""

    name: str
    status: str = ""
    monitoring: str = ""
    """``Monitored``, ``Not monitored``, ``Initializing``, ``Waiting``."""
    pid: int | None = None

    @property
    def monitored(self) -> bool:
        return self.monitoring.lower() not in ("", "not monitored")


def daemons(system: System, processes: Iterable[Process]) -> Reading[tuple[MonitDaemon, ...]]:
    """Every monit that runs, and the control file in its usual place when none runs.

    Incomplete when the control file of one that runs as us could not be found.
    """
    found: list[MonitDaemon] = []
    problems: list[str] = []
    for process in processes:
        if process.name != "monit" or not process.alive or not process.argv or _only_asks(process):
            continue
        control = _control(system, process)
        if control is None:
            problems.append(f"the control file of monit (pid {process.pid}) is not known")
        else:
            found.append(MonitDaemon(control=control, process=process))
    if not found and not problems:
        usual = next((path for path in _DEFAULTS if system.status(path).value is not None), None)
        found += [] if usual is None else [MonitDaemon(control=usual)]
    return gathered(tuple(found), problems)


def configuration(system: System, control: str) -> Reading[MonitConfig]:
    """The control file and what it includes, as one."""
    first = system.read(control, _LIMIT)
    if not first.complete:
        return Reading(MonitConfig(), f"{control} could not be read: {first.problem}", complete=False)
    whole = read_config(first.value.decode(errors="backslashreplace"), control)
    checks: list[MonitCheck] = list(whole.checks)
    waiting = list(whole.includes)
    seen = {control}
    problems: list[str] = []
    while waiting:
        for path in system.paths(posixpath.join(posixpath.dirname(control), waiting.pop(0))):
            if path in seen:
                continue
            seen.add(path)
            reading = system.read(path, _LIMIT)
            if not reading.complete:
                problems.append(f"{path} could not be read: {reading.problem}")
            part = read_config(reading.value.decode(errors="backslashreplace"), path)
            checks += part.checks
            waiting += part.includes
    config = MonitConfig(checks=tuple(checks), period=whole.period)
    return gathered(config, problems)


def order(system: ActingSystem, control: str, verb: str, name: str) -> CommandAnswer:
    """Orders the running monit, as the owner of the control file; one run by root would believe what it says.

    Raises StepError when no user may be trusted with it.
    """
    whose = runner(system, (control,))
    if not whose.complete:
        raise StepError(f"monit with {control} was not told: {whose.problem}")
    return system.command(("monit", "-c", control, verb, name), timeout=20.0, user=whose.value)


def states(system: System, control: str) -> Reading[tuple[CheckState, ...]]:
    """What the running monit says; monit finds its own socket or port, and its password, in its file."""
    whose = runner(system, (control,))
    if not whose.complete:
        return Reading((), f"monit with {control} was not asked: {whose.problem}", complete=False)
    answer = system.ask(("monit", "-B", "-c", control, "status"), timeout=5.0, user=whose.value)
    found = read_status(answer.text)
    if answer.status != 0 or not found:
        complaint = answer.complaint if answer.status != 0 else "it listed nothing"
        return Reading(found, f"monit with {control} did not answer: {complaint}", complete=False)
    return Reading(found)


def read_status(text: str) -> tuple[CheckState, ...]:
    """The checks of ``monit -B status``."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        header, fact = _HEADER.match(line), _FACT.match(line)
        if header is not None:
            found.append({"name": header.group(1)})
        elif fact is not None and found:
            found[-1].setdefault(fact.group(1), fact.group(2))
    return tuple(
        CheckState(
            name=each["name"],
            status=each.get("status", ""),
            monitoring=each.get("monitoring status", ""),
            pid=int(each["pid"]) if each.get("pid", "").isdigit() else None,
        )
        for each in found
    )


def _only_asks(process: Process) -> bool:
    """A ``monit status`` or ``monit start x``: a client, not the daemon."""
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    verbs = (
        "status",
        "summary",
        "start",
        "stop",
        "restart",
        "monitor",
        "unmonitor",
        "reload",
        "quit",
        "report",
    )
    return any(word in verbs for word in words)


def _control(system: System, process: Process) -> str | None:
    """The control file: as it was given, or in the first usual place.

    A daemon has gone to ``/``, so a relative path is known only while it runs in the foreground.
    """
    given = _given(process.argv[1:])
    if given is not None:
        detail = process.detail or system.detail(process)
        path = posixpath.normpath(posixpath.join(detail.cwd or "/", given))
        return path if system.status(path).value is not None else None
    home = (process.detail or system.detail(process)).variable("HOME")
    places = (*((f"{home}/.monitrc",) if home else ()), *_DEFAULTS)
    return next((path for path in places if system.status(path).value is not None), None)


def _given(words: tuple[str, ...]) -> str | None:
    for index, word in enumerate(words):
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            attached = word.partition("c")[2]
            return attached or (words[index + 1] if index + 1 < len(words) else None)
    return None

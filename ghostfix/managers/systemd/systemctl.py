"""Asking systemd: which managers there are, and what ``systemctl show`` says of their units."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ghostfix.model.machine import CommandAnswer, System
from ghostfix.model.reading import Reading
from ghostfix.service.passwd import home_of, name_of

_BOOTED = "/run/systemd/system"
"""Exists exactly when the machine was booted with systemd (sd_booted(3))."""
_USERS = "/run/user"
_PROPERTIES = (
    "Id", "Names", "LoadState", "ActiveState", "UnitFileState", "FragmentPath", "DropInPaths", "MainPID",
    "ControlGroup", "Restart", "NRestarts", "Result", "TriggeredBy", "UpheldBy", "WantedBy", "RequiredBy",
    "BoundBy", "OnFailureOf", "OnSuccessOf", "StartLimitBurst",
)  # fmt: skip
_PATTERNS = ("*.service", "*.timer", "*.socket", "*.path")
_SECONDS = 10.0
_UNIT_LIMIT = 1 << 20


class Scope(Struct, frozen=True):
    """Which systemd is asked: the machine's, or one user's."""

    user: str = ""
    """Empty for the machine's own."""
    home: str = "/root"
    """The home folder of whoever it runs as."""
    runtime: str = ""
    """The user's ``/run/user/UID``, in which the manager's socket lies."""
    own: bool = False
    """The user is the caller."""

    @property
    def name(self) -> str:
        """As a job's scope names it: ``system`` or ``user:alice``."""
        return f"user:{self.user}" if self.user else "system"

    def command(self, *arguments: str) -> tuple[str, ...]:
        """``systemctl`` with these arguments, for this manager.

        The folder is named because a shell without a session (cron, su, ssh) does not know it.
        """
        if not self.user:
            return ("systemctl", *arguments)
        return ("env", f"XDG_RUNTIME_DIR={self.runtime}", "systemctl", "--user", *arguments)

    @property
    def runner(self) -> str | None:
        """As whom root runs ``command``: another user's manager answers that user only.

        ``systemctl -M USER@`` would open a login session in order to ask, and change what it looks at.
        """
        return None if self.own or not self.user else self.user


class LoadedUnit(Struct, frozen=True, kw_only=True):
    """A unit as its manager has it now."""

    id: str
    names: tuple[str, ...] = ()
    """All its names, aliases included."""
    load_state: str = ""
    active_state: str = ""
    file_state: str = ""
    """``enabled``, ``disabled``, ``static``, ``masked``, ``transient``, ...; empty when unknown."""
    fragment: str = ""
    drop_ins: tuple[str, ...] = ()
    main_pid: int = 0
    control_group: str = ""
    restart: str = ""
    restarts: int = 0
    """``NRestarts``: how often systemd has restarted it since it was last started by hand."""
    start_limit: int = 0
    """``StartLimitBurst``: after so many starts in a short time systemd gives up; 0 for never."""
    result: str = ""
    triggered_by: tuple[str, ...] = ()
    upheld_by: tuple[str, ...] = ()
    pulled_by: tuple[str, ...] = ()
    """The units that start it when they are started: through its own or a hand-made link, too."""
    called_by: tuple[str, ...] = ()
    """The units whose end, good or bad, starts it (``OnSuccess=``, ``OnFailure=``)."""

    @property
    def active(self) -> bool:
        return self.active_state in ("active", "activating", "reloading")

    @property
    def given_up(self) -> bool:
        return has_given_up(self.active_state, self.result, self.restarts, self.start_limit)


def has_given_up(active_state: str, result: str, restarts: int, start_limit: int) -> bool:
    """Whether a unit hit its start limit. ``Result`` says so only of a process that ended well."""
    return active_state == "failed" and (result == "start-limit-hit" or 0 < start_limit <= restarts)


def scopes(system: System) -> Iterator[Scope]:
    """The machine's systemd, and those of users that we may ask: our own, or everybody's as root."""
    if system.status(_BOOTED).value is not None:
        yield Scope()
    caller = system.caller()
    for name in system.names(_USERS).value:
        runtime = f"{_USERS}/{name}"
        if caller.uid not in (0, int(name) if name.isdigit() else -1):
            continue
        if system.status(f"{runtime}/systemd/private").value is None:
            continue
        if name == str(caller.uid):
            yield Scope(caller.user, caller.home, runtime, own=True)
        elif (user := name_of(system, int(name)) if name.isdigit() else None) is not None:
            yield Scope(user, home_of(system, user), runtime)


def scope_named(system: System, name: str) -> Scope | None:
    """The scope that a job's ``scope`` names; None when that manager does not run, or is not ours to ask."""
    return next((scope for scope in scopes(system) if scope.name == name), None)


def loaded_units(system: System, scope: Scope) -> Reading[tuple[LoadedUnit, ...]]:
    """All services, timers, sockets and paths that the manager has in memory, inactive ones included."""
    return _units(system, scope, ("--all",), _PATTERNS)


def named_units(system: System, scope: Scope, names: Sequence[str]) -> Reading[tuple[LoadedUnit, ...]]:
    """These units as the manager has them once it has read their files."""
    return _units(system, scope, (), names) if names else Reading(())


def unit_folders(system: System, scope: Scope) -> tuple[str, ...]:
    """The folders in which the manager looks for unit files, the first that has one wins."""
    answer = system.ask(
        scope.command("show", "--property=UnitPath", "--value"), timeout=_SECONDS, user=scope.runner
    )
    return tuple(answer.text.split()) if answer.status == 0 else ()


def ask_properties(system: System, scope: Scope, unit: str, *names: str) -> CommandAnswer:
    """``KEY=VALUE`` lines of one unit; ``properties`` reads them."""
    return system.ask(
        scope.command("show", "--no-pager", f"--property={','.join(names)}", "--", unit),
        timeout=_SECONDS,
        user=scope.runner,
    )


def unit_digest(system: System, fragment: str, drop_ins: Sequence[str], *, without: str) -> str:
    """The SHA-256, in hexadecimal, of a unit's file and drop-ins, those named ``without`` left out.

    Empty when one of them cannot be read, or when there is none.
    """
    import hashlib  # late: only who has such a unit needs it

    whole = hashlib.sha256()
    paths = [path for path in (fragment, *drop_ins) if path and not path.endswith(f"/{without}")]
    for path in paths:
        reading = system.read(path, _UNIT_LIMIT)
        if not reading.complete:
            return ""
        whole.update(path.encode(errors="surrogateescape") + b"\0" + reading.value + b"\0")
    return whole.hexdigest() if paths else ""


def properties(text: str) -> dict[str, str]:
    """The lines of one block of ``systemctl show``."""
    return dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)


def read_units(text: str) -> tuple[LoadedUnit, ...]:
    """The blocks of ``systemctl show``; one without an ``Id`` is left out."""
    blocks = (properties(block) for block in text.split("\n\n"))
    return tuple(_unit(values) for values in blocks if values.get("Id"))


def _units(
    system: System, scope: Scope, options: Sequence[str], names: Sequence[str]
) -> Reading[tuple[LoadedUnit, ...]]:
    command = scope.command("show", "--no-pager", *options, f"--property={','.join(_PROPERTIES)}")
    answer = system.ask((*command, "--", *names), timeout=_SECONDS, user=scope.runner)
    if answer.status != 0:
        return Reading((), f"systemctl did not answer for {scope.name}: {answer.complaint}", complete=False)
    return Reading(read_units(answer.text))


def _unit(values: dict[str, str]) -> LoadedUnit:
    def words(*keys: str) -> tuple[str, ...]:
        return tuple(word for key in keys for word in values.get(key, "").split())

    return LoadedUnit(
        id=values["Id"],
        names=words("Names"),
        load_state=values.get("LoadState", ""),
        active_state=values.get("ActiveState", ""),
        file_state=values.get("UnitFileState", ""),
        fragment=values.get("FragmentPath", ""),
        drop_ins=words("DropInPaths"),
        main_pid=_number(values.get("MainPID", "")),
        control_group=values.get("ControlGroup", ""),
        restart=values.get("Restart", ""),
        restarts=_number(values.get("NRestarts", "")),
        start_limit=_number(values.get("StartLimitBurst", "")),
        result=values.get("Result", ""),
        triggered_by=words("TriggeredBy"),
        upheld_by=words("UpheldBy"),
        pulled_by=words("WantedBy", "RequiredBy", "BoundBy"),
        called_by=words("OnFailureOf", "OnSuccessOf"),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0

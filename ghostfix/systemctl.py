"""Asking systemd: what ``systemctl show`` says of each loaded unit, read into facts."""

from collections.abc import Iterator

from msgspec import Struct

from ghostfix.account import home_of
from ghostfix.machine import CommandAnswer, System

_PROPERTIES = (
    "Id", "LoadState", "ActiveState", "UnitFileState", "FragmentPath", "DropInPaths", "MainPID",
    "ControlGroup", "Restart", "NRestarts", "Result", "TriggeredBy", "UpheldBy", "Triggers", "Transient",
    "NextElapseUSecRealtime", "User",
)  # fmt: skip
_PATTERNS = ("*.service", "*.timer", "*.socket", "*.path")


class Scope(Struct, frozen=True):
    """Which systemd is asked: the machine's, or one user's."""

    user: str = ""
    """Empty for the machine's own."""
    home: str = "/root"
    own: bool = False
    """The user is the caller: ``--user`` without going through the machine's manager."""

    @property
    def name(self) -> str:
        """As a job's scope names it: ``system`` or ``user:alice``."""
        return f"user:{self.user}" if self.user else "system"

    @property
    def options(self) -> tuple[str, ...]:
        """What ``systemctl`` needs in order to reach it (``-M USER@`` is systemctl(1)'s own form)."""
        if not self.user:
            return ()
        return ("--user",) if self.own else ("--user", "-M", f"{self.user}@")


def scope_named(system: System, name: str) -> Scope:
    """The scope that a job's ``scope`` names."""
    kind, _, user = name.partition(":")
    if kind == "system":
        return Scope()
    return Scope(user, home_of(system, user), own=user == system.caller().user)


class LoadedUnit(Struct, frozen=True, kw_only=True):
    """A unit as its manager has it now."""

    id: str
    load_state: str
    active_state: str
    file_state: str
    """``enabled``, ``disabled``, ``static``, ``masked``, ``transient``, ...; empty when unknown."""
    fragment: str
    drop_ins: tuple[str, ...]
    main_pid: int
    control_group: str
    restart: str
    restarts: int
    """``NRestarts``: how often systemd has restarted it since it was last started by hand."""
    result: str
    triggered_by: tuple[str, ...]
    triggers: tuple[str, ...]
    upheld_by: tuple[str, ...]
    transient: bool
    user: str

    @property
    def active(self) -> bool:
        return self.active_state in ("active", "activating", "reloading")


def ask_units(system: System, scope: Scope) -> CommandAnswer:
    """All loaded services, timers, sockets and paths, in one command."""
    command = ("systemctl", *scope.options, "show", "--no-pager", f"--property={','.join(_PROPERTIES)}")
    return system.ask((*command, "--", *_PATTERNS), timeout=10.0)


def read_units(text: str) -> tuple[LoadedUnit, ...]:
    """The blocks of ``systemctl show``; one without an ``Id`` is left out."""
    return tuple(unit for unit in map(_unit, _blocks(text)) if unit is not None)


def _blocks(text: str) -> Iterator[dict[str, str]]:
    for block in text.split("\n\n"):
        pairs = (line.partition("=") for line in block.splitlines())
        values = {key: value for key, _, value in pairs}
        if values:
            yield values


def _unit(values: dict[str, str]) -> LoadedUnit | None:
    if not values.get("Id"):
        return None
    return LoadedUnit(
        id=values["Id"],
        load_state=values.get("LoadState", ""),
        active_state=values.get("ActiveState", ""),
        file_state=values.get("UnitFileState", ""),
        fragment=values.get("FragmentPath", ""),
        drop_ins=tuple(values.get("DropInPaths", "").split()),
        main_pid=_number(values.get("MainPID", "")),
        control_group=values.get("ControlGroup", ""),
        restart=values.get("Restart", ""),
        restarts=_number(values.get("NRestarts", "")),
        result=values.get("Result", ""),
        triggered_by=tuple(values.get("TriggeredBy", "").split()),
        triggers=tuple(values.get("Triggers", "").split()),
        upheld_by=tuple(values.get("UpheldBy", "").split()),
        transient=values.get("Transient") == "yes",
        user=values.get("User", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0

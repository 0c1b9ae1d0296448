"""Service: what healthy looks like."""

import posixpath
import re
from collections.abc import Mapping

from msgspec import Struct

from ghostfix.machine import Signal
from ghostfix.pattern import Pattern

_GLOB_MARKS = Pattern(r"([*?\[])")
_SIZE = Pattern(r"(\d{1,9}(?:\.\d{1,3})?)([KMGT])", re.ASCII)


def bytes_in(size: str) -> int | None:
    """``1536K``, ``512M``, ``1.5G`` in bytes, as systemd reads them; None when it is no size."""
    match = _SIZE.fullmatch(size)
    return None if match is None else round(float(match[1]) * 1024 ** (1 + "KMGT".index(match[2])))


class EnvironmentWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Python environment that the service must run in."""

    venv: str | None = None
    requires: tuple[str, ...] = ()
    """Distributions (``psutil``, ``Flask>=3``) that the venv must be able to import."""


class HealthWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The health document: where it is, and what it must say (dotted key -> value)."""

    url: str
    expect: Mapping[str, str | int | float | bool] = {}
    timeout: float = 5.0


class WebhookWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A URL that accepts a JSON document by POST."""

    url: str
    payload: Mapping[str, object] = {}
    expect_status: tuple[int, ...] = (200, 202)
    timeout: float = 5.0


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the machine may come to, and the service itself. The defaults suit an ordinary machine."""

    processes: int = 3000
    zombies: int = 50
    load_per_cpu: float = 4.0
    memory_percent: float = 95.0
    disk_percent: float = 95.0
    open_files_percent: float = 80.0
    service_memory: str | None = None
    """Of all processes of the service together: ``512M``, ``2G``; None for no limit, as below."""
    service_open_files: int | None = None
    """Of each of its processes."""
    service_processes: int | None = None
    """Of the service together, threads included where a manager counts them (systemd does)."""

    @property
    def service_memory_bytes(self) -> int | None:
        """``service_memory`` in bytes, its letters meaning powers of 1024."""
        return None if self.service_memory is None else bytes_in(self.service_memory)


class StopWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an instance is asked to end, and how many seconds it has before it is killed."""

    signal: Signal = Signal.TERM
    grace: float = 10.0


class ServiceProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[services.NAME]`` table of ``ghostfix.toml``, as it stands there."""

    directory: str = "."
    module: str | None = None
    script: str | None = None
    command: tuple[str, ...] = ()
    match: str | None = None
    """A regular expression on the command line, its arguments joined by single blanks."""
    instances: int = 1
    manager: str = "none"
    pidfiles: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    logs: tuple[str, ...] = ()
    environment: EnvironmentWanted = EnvironmentWanted()
    health: HealthWanted | None = None
    webhook: WebhookWanted | None = None
    limits: Limits = Limits()
    start: tuple[str, ...] = ()
    stop: StopWanted = StopWanted()


class Service(ServiceProfile, frozen=True, kw_only=True):
    """A service with its name and where its profile came from; ``directory`` is absolute."""

    name: str
    profile: str
    """The profile's file, or ``built-in ghost-runner``."""

    def path(self, relative: str) -> str:
        """A path of the profile, made absolute; ``.`` and ``..`` are folded, symlinks are not resolved."""
        return posixpath.normpath(posixpath.join(self.directory, relative))

    def pattern(self, relative: str) -> str:
        """A pattern of the profile, made absolute; marks in the directory's name are no marks."""
        directory = _GLOB_MARKS.sub(r"[\1]", self.directory)
        return posixpath.normpath(posixpath.join(directory, relative))

    @property
    def python(self) -> str | None:
        """The venv's interpreter, whether or not it exists; None when the profile names no venv."""
        return None if self.environment.venv is None else self.path(f"{self.environment.venv}/bin/python")

    @property
    def start_command(self) -> tuple[str, ...]:
        """``start`` with ``{python}`` and ``{directory}`` filled in; empty when nothing is known."""
        python = self.python or "python3"
        filled = tuple(
            word.replace("{python}", python).replace("{directory}", self.directory) for word in self.start
        )
        if filled:
            return filled
        if self.module is not None:
            return (python, "-m", self.module)
        if self.script is not None:
            return (
                (python, self.path(self.script)) if self.script.endswith(".py") else (self.path(self.script),)
            )
        return self.command

    @property
    def start_log(self) -> str:
        """The file that takes a started instance's output: the first of ``logs`` that is no pattern."""
        plain = [log for log in self.logs if not any(mark in log for mark in "*?[")]
        if plain:
            return self.path(plain[0])
        folder = posixpath.dirname(self.logs[0]) if self.logs else "logs"
        return self.path(f"{folder}/{self.name}.log")

"""Service: what healthy looks like."""

import posixpath
import re
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from ghostfix.model.machine import Signal
from ghostfix.model.pattern import Pattern

_GLOB_MARKS = Pattern(r"([*?\[])")
_SIZE = Pattern(r"(\d{1,9}(?:\.\d{1,3})?)([KMGT])", re.ASCII)


def bytes_in(size: str) -> int | None:
    """``1536K``, ``512M``, ``1.5G`` in bytes, as systemd reads them; None when it is no size."""
    match = _SIZE.fullmatch(size)
    return None if match is None else round(float(match[1]) * 1024 ** (1 + "KMGT".index(match[2])))


# What a value may be, said once: msgspec refuses the others, the JSON Schema tells editors, and a complaint
# is "expected" with the description. ``(?!\n)$``: the end of the text, for Python as for JSON Schema.

STOPPING = tuple(signal.value for signal in Signal if signal not in (Signal.STOP, Signal.CONT))
"""The signals that end a process."""
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}(?!\n)$"
"""What a service may be called."""
_NO_NUL = r"^[^\x00]*$"
_AT_LEAST_1M = (
    r"^(?:\d{0,8}[1-9]\d{0,8}(?:\.\d{1,3})?[MGT]|0+\.\d{0,2}[1-9]\d{0,2}[GT]"
    r"|(?:102[4-9]|10[3-9]\d|1[1-9]\d\d|[2-9]\d{3}|[1-9]\d{4,8})(?:\.\d{1,3})?K)(?!\n)$"
)
_HTTP = (
    r"^[Hh][Tt][Tt][Pp][Ss]?://(?:[^\s/?#@]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)"
    r"(?::0*(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?(?:[/?#]\S*)?(?!\n)$"
)
_LARGEST = 2**31

Word = Annotated[str, Meta(pattern=_NO_NUL, description="text without NUL characters")]
Words = Annotated[
    tuple[Word, ...],
    Meta(
        description="a program and its arguments, one text each",
        extra_json_schema={"prefixItems": [{"type": "string", "minLength": 1, "pattern": _NO_NUL}]},
    ),
]
Text = Annotated[str, Meta(min_length=1, pattern=_NO_NUL, description="text that is not empty")]
PathPattern = Annotated[
    str, Meta(min_length=1, pattern=_NO_NUL, description="a path or a pattern such as logs/*.log")
]
Folder = Annotated[
    str,
    Meta(
        pattern=r"^(?!~[^/])[^\x00]+$",
        description="a folder, where only ~ for your own home folder is known: write another one in full",
    ),
]
Url = Annotated[
    str,
    Meta(
        pattern=_HTTP,
        description='an http:// or https:// URL with a host, such as "http://localhost:5555/health"',
    ),
]
Seconds = Annotated[float, Meta(ge=0.001, le=600.0, description="seconds, more than 0 and up to 600")]
Count = Annotated[int, Meta(gt=0, lt=_LARGEST, description=f"a number above 0 and below {_LARGEST}")]
Percentage = Annotated[float, Meta(gt=0, le=100, description="a percentage up to 100, and above 0")]
Port = Annotated[int, Meta(ge=1, le=65_535, description="a port from 1 to 65535")]
Status = Annotated[int, Meta(ge=100, le=599, description="an HTTP status from 100 to 599")]
Size = Annotated[
    str,
    Meta(
        pattern=_AT_LEAST_1M,
        description='a size of 1M or more such as "512M" or "2G"',
        extra={"hint": "the letters are K, M, G and T, in powers of 1024"},
    ),
]
Requirement = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(\[[A-Za-z0-9_.,\s-]*\])?\s*([<>=!~].*|@ \S+)?(?!\n)$",
        description='a distribution such as "psutil" or "Flask>=3"',
    ),
]


class EnvironmentWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Python environment that the service must run in."""

    venv: Annotated[str, Meta(min_length=1, pattern=_NO_NUL, description="a folder such as .venv")] | None = (
        None
    )
    requires: tuple[Requirement, ...] = ()
    """Distributions (``psutil``, ``Flask>=3``) that the venv must be able to import."""


class HealthWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The health document: where it is, and what it must say (dotted key -> value)."""

    url: Url
    expect: Mapping[str, str | int | float | bool] = {}
    timeout: Seconds = 5.0


class WebhookWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A URL that accepts a JSON document by POST."""

    url: Url
    payload: Mapping[str, object] = {}
    expect_status: Annotated[
        tuple[Status, ...], Meta(min_length=1, description="at least one HTTP status such as 200")
    ] = (200, 202)
    timeout: Seconds = 5.0


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the machine may come to, and the service itself. The defaults suit an ordinary machine."""

    processes: Count = 3000
    zombies: Count = 50
    load_per_cpu: Annotated[
        float, Meta(gt=0, lt=_LARGEST, description=f"a number above 0 and below {_LARGEST}")
    ] = 4.0
    memory_percent: Percentage = 95.0
    disk_percent: Percentage = 95.0
    open_files_percent: Percentage = 80.0
    service_memory: Size | None = None
    """Of all processes of the service together: ``512M``, ``2G``; None for no limit, as below."""
    service_open_files: Count | None = None
    """Of each of its processes."""
    service_processes: Count | None = None
    """Of the service together, threads included where a manager counts them (systemd does)."""

    @property
    def service_memory_bytes(self) -> int | None:
        """``service_memory`` in bytes, its letters meaning powers of 1024."""
        return None if self.service_memory is None else bytes_in(self.service_memory)


class StopWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an instance is asked to end, and how many seconds it has before it is killed."""

    signal: Annotated[Signal, Meta(extra_json_schema={"enum": list(STOPPING)})] = Signal.TERM
    grace: Annotated[float, Meta(ge=0, le=600, description="seconds from 0 to 600")] = 10.0


def as_pattern(path: str) -> str:
    """The pattern that matches this path alone."""
    return _GLOB_MARKS.sub(r"[\1]", path)


class ServiceProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[services.NAME]`` table of ``ghostfix.toml``, as it stands there."""

    directory: Folder = "."
    module: (
        Annotated[
            str,
            Meta(
                pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*(?!\n)$",
                description='a dotted module name such as "package.main"',
            ),
        ]
        | None
    ) = None
    script: Text | None = None
    command: Words = ()
    match: Annotated[Text, Meta(extra_json_schema={"format": "regex"})] | None = None
    """A regular expression on the command line, its arguments joined by single blanks."""
    instances: Annotated[int, Meta(ge=0, le=10_000, description="a whole number from 0 to 10000")] = 1
    manager: Annotated[
        str,
        Meta(
            pattern=r"^(?:none|cron|[a-z][a-z0-9-]*:[^\s\x00][^\n\x00]*)(?!\n)$",
            description='"none", "cron" or "KIND:ID" such as "systemd:ghost.service"',
        ),
    ] = "none"
    pidfiles: tuple[PathPattern, ...] = ()
    ports: tuple[Port, ...] = ()
    logs: tuple[PathPattern, ...] = ()
    environment: EnvironmentWanted = EnvironmentWanted()
    health: HealthWanted | None = None
    webhook: WebhookWanted | None = None
    limits: Limits = Limits()
    start: Words = ()
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
        return posixpath.normpath(posixpath.join(as_pattern(self.directory), relative))

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

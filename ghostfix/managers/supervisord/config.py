"""Reading supervisord's configuration: its programs, where each stands, and when each is restarted.

The format is http://supervisord.org/configuration.html's, an INI dialect: ``;`` after a blank starts a
comment, an indented line continues the value above it, and ``key: value`` is ``key = value``.
"""

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_SECTION = Pattern(r"^\[([^\]]+)\]")
_ENTRY = Pattern(r"^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$")
_COMMENT = Pattern(r"(?:^|\s);.*$")
_TRUE = frozenset({"true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0"})


class SupervisorProgram(Struct, frozen=True, kw_only=True):
    """One ``[program:NAME]``, and the lines on which it and its command stand."""

    name: str
    kind: str
    """``program``, ``fcgi-program`` or ``eventlistener``."""
    file: str
    line: int
    command: str = ""
    command_line: int = 0
    directory: str | None = None
    user: str | None = None
    autostart: bool = True
    restarts: str = "unexpected"
    """``always``, ``unexpected`` (supervisord's default: an exit code that is not expected) or ``no``."""
    processes: int = 1
    process_name: str = "%(program_name)s"
    """The template of its processes' names."""
    stdout_log: str = "AUTO"
    stderr_log: str = "AUTO"
    """``AUTO``: supervisord names the file. ``NONE``: none of its own (``redirect_stderr``)."""

    @property
    def restarts_on_exit(self) -> bool:
        return self.restarts != "no"


class Group(Struct, frozen=True):
    """One ``[group:NAME]``: its programs are no groups of their own."""

    name: str
    programs: tuple[str, ...]


class DaemonSettings(Struct, frozen=True):
    """What ``[supervisord]`` says of logs; an empty text stands for supervisord's default."""

    log: str = ""
    child_log_folder: str = ""
    identifier: str = "supervisor"


class SupervisorConfig(Struct, frozen=True):
    """The programs of one file, in its order, and the patterns of the files that it includes."""

    programs: tuple[SupervisorProgram, ...]
    includes: tuple[str, ...]
    socket: str | None
    """The path of its ``[unix_http_server]``."""
    groups: tuple[Group, ...] = ()
    settings: DaemonSettings = DaemonSettings()


def read_config(text: str, file: str) -> SupervisorConfig:
    """The facts of one file; a line that is neither section, entry nor comment is left out."""
    programs: list[SupervisorProgram] = []
    includes: list[str] = []
    groups: list[Group] = []
    socket: str | None = None
    settings = DaemonSettings()
    for header, number, entries in _sections(text):
        kind, _, name = header.partition(":")
        if kind in ("program", "fcgi-program", "eventlistener") and name:
            programs.append(_program(kind, name.strip(), file, number, entries))
        elif kind == "group" and name:
            listed = next((value for _, key, value in entries if key == "programs"), "")
            programs_of = tuple(word.strip() for word in listed.split(",") if word.strip())
            groups.append(Group(name.strip(), programs_of))
        elif header == "include":
            includes += [word for _, key, value in entries if key == "files" for word in value.split()]
        elif header == "unix_http_server":
            socket = next((value for _, key, value in entries if key == "file"), socket)
        elif header == "supervisord":
            settings = _settings(entries)
    return SupervisorConfig(tuple(programs), tuple(includes), socket, tuple(groups), settings)


Entries = list[tuple[int, str, str]]


def _sections(text: str) -> list[tuple[str, int, Entries]]:
    """Each section's name, line and entries: (line, key, value), values of several lines joined."""
    sections: list[tuple[str, int, Entries]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip()
        if not line or line.lstrip().startswith(("#", ";")):
            continue
        header = _SECTION.match(line)
        if header is not None:
            sections.append((header.group(1).strip(), number, []))
            continue
        if not sections:
            continue
        entries = sections[-1][2]
        content = _COMMENT.sub("", line).strip()
        if line[0].isspace() and entries:
            first, key, value = entries[-1]
            entries[-1] = (first, key, f"{value}\n{content}".strip())
            continue
        entry = _ENTRY.match(content)
        if entry is not None:
            entries.append((number, entry.group(1).strip().lower(), entry.group(2).strip()))
    return sections


def _settings(entries: Entries) -> DaemonSettings:
    values = {key: value for _, key, value in entries}
    default = DaemonSettings()
    return DaemonSettings(
        log=values.get("logfile", default.log),
        child_log_folder=values.get("childlogdir", default.child_log_folder),
        identifier=values.get("identifier", default.identifier),
    )


def _program(kind: str, name: str, file: str, line: int, entries: Entries) -> SupervisorProgram:
    values = {key: value for _, key, value in entries}
    lines = {key: number for number, key, _ in entries}
    restarts = values.get("autorestart", "unexpected").lower()
    stdout = values.get("stdout_logfile", "AUTO")
    joined = values.get("redirect_stderr", "false").lower() in _TRUE
    return SupervisorProgram(
        name=name,
        kind=kind,
        file=file,
        line=line,
        command=values.get("command", ""),
        command_line=lines.get("command", line),
        directory=values.get("directory"),
        user=values.get("user"),
        autostart=values.get("autostart", "true").lower() not in _FALSE,
        restarts="always" if restarts in _TRUE else "no" if restarts in _FALSE else "unexpected",
        processes=_number(values.get("numprocs", "1")),
        process_name=values.get("process_name", "%(program_name)s"),
        stdout_log=stdout,
        stderr_log="NONE" if joined else values.get("stderr_logfile", "AUTO"),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 1

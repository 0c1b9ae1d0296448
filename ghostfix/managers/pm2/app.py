"""pm2's applications: as its list, its dump and its configuration files describe them.

A configuration is one application, or ``{"apps": [...]}``, or a list; the dump is a list of flat objects, and
``pm2 jlist`` one whose objects keep most in ``pm2_env``. The keys are those of pm2's own schema
(``lib/API/schema.json``), where ``autorestart`` is true unless said otherwise.
"""

import posixpath
import shlex

import msgspec
from msgspec import Struct

from ghostfix.managers.cron.schedule import in_words
from ghostfix.managers.pm2.js_literal import plain, read_literal
from ghostfix.scripts.js_value import Guess, Literal, Opaque, Table

_SCRIPT = ("pm_exec_path", "script", "cmd", "command")
_RUNS = (*_SCRIPT, "args", "cwd", "interpreter", "exec_interpreter")
_LIVE = frozenset({"online", "launching", "waiting restart", "one-launch-status"})


CLUSTER_MODE = "cluster_mode"
"""The ``exec_mode`` in which the daemon has the socket, and its workers have none of their own."""


class Pm2App(Struct, frozen=True, kw_only=True):
    """One application, or one process of it where there are several."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    interpreter: str | None = None
    """None where pm2 chooses by the script's name; ``none`` where the script is run as it is."""
    cwd: str | None = None
    autorestart: bool = True
    cron_restart: str | None = None
    max_restarts: int | None = None
    instances: str | int | None = None
    """As it is written: a number, ``max``, ``"2"``."""
    exec_mode: str | None = None
    watch: bool = False
    max_memory_restart: str | int | None = None
    pm_id: int | None = None
    pid: int | None = None
    """None for one that does not run; pm2 writes 0, or nothing."""
    status: str | None = None
    restarts: int | None = None
    unstable_restarts: int | None = None
    """Those that came soon after the start; pm2 gives up at ``max_restarts`` of them."""
    exit_code: int | None = None
    started: float | None = None
    """When pm2 last started it, in seconds since the epoch."""
    error_log: str | None = None
    output_log: str | None = None
    line: int = 0
    """Where its name stands (from 1); 0 when that is not known."""
    guessed: bool = False
    """Whether what it runs is a default, or one of several values, that another environment may change."""
    unfollowed: str = ""
    """How its script is written, where that is worked out when pm2 reads the file."""

    @property
    def output(self) -> tuple[str, ...]:
        """The files that take what it prints, errors first."""
        paths = (self.error_log, self.output_log)
        return tuple(dict.fromkeys(path for path in paths if path is not None and path.startswith("/")))

    @property
    def command(self) -> str:
        return " ".join((self.script, *self.arguments))

    @property
    def armed(self) -> bool:
        """Whether a running pm2 will start it again; ``errored`` means that pm2 gave up.

        A schedule starts even one that was stopped: ``pm2 stop`` does not disarm ``cron_restart``.
        """
        return self.cron_restart is not None or (self.autorestart and self.status in _LIVE)

    @property
    def words(self) -> tuple[str, ...]:
        """The command line that pm2 runs."""
        if self.interpreter not in (None, "none", ""):
            return (str(self.interpreter), self.script, *self.arguments)
        if self.interpreter is None and self.script.endswith((".js", ".cjs", ".mjs", ".ts")):
            return ("node", self.script, *self.arguments)
        if self.interpreter is None and self.script.endswith(".py"):
            return ("python3", self.script, *self.arguments)
        return (self.script, *self.arguments)


class Pm2Config(Struct, frozen=True):
    """A configuration file: its applications, and what of it could not be followed, as it is written."""

    apps: tuple[Pm2App, ...]
    unfollowed: tuple[str, ...] = ()


def read_config(text: str, folder: str) -> Pm2Config:
    """The applications of ``ecosystem.config.js``, ``pm2.json`` and their kin, as far as constant."""
    value = read_literal(text, folder)
    given = (
        _value(value.get("apps")) if isinstance(value, Table) and value.entry("apps") is not None else value
    )
    apps = tuple(_app(each) for each in _tables(given) if _is_app(each))
    parts = given if isinstance(given, tuple) else (given,)
    written = [each.text for each in parts if isinstance(each, Opaque) and each.text]
    written += [
        f"the script of {app.name or 'an application'}: {app.unfollowed}" for app in apps if app.unfollowed
    ]
    return Pm2Config(apps, tuple(" ".join(each.split())[:200] for each in written))


def read_dump(text: str) -> tuple[Pm2App, ...]:
    """The applications of ``dump.pm2``, which ``pm2 resurrect`` starts."""
    return tuple(_app(each) for each in _tables(read_literal(text)))


def read_list(answer: bytes) -> tuple[Pm2App, ...] | None:
    """The processes of ``pm2 jlist``, whatever pm2 printed before them; None when there is no such list."""
    entries = list_entries(answer)
    if entries is None:
        return None
    return tuple(_listed(each) for each in _tables(plain(list(entries))))


def list_entries(answer: bytes) -> tuple[dict[str, object], ...] | None:
    """The objects of ``pm2 jlist`` as they are."""
    text = answer.removeprefix(b"\xef\xbb\xbf").strip()
    starts = [0, *(index + 1 for index, byte in enumerate(text) if byte == 10)]
    for start in starts:
        if text[start : start + 1] == b"[":
            try:
                return tuple(msgspec.json.decode(text[start:], type=list[dict[str, object]]))
            except msgspec.DecodeError:
                continue
    return None


def schedule_in_words(schedule: str) -> str:
    """``every 5 minutes``; six fields have the seconds first."""
    fields = schedule.split()
    if len(fields) != 6:
        return in_words(schedule)
    seconds, rest = fields[0], fields[1:]
    if seconds == "0":
        return in_words(" ".join(rest))
    every = seconds.removeprefix("*/") if seconds.startswith("*/") else "1" if seconds == "*" else ""
    if rest == ["*"] * 5 and every.isdigit():
        return "every second" if every == "1" else f"every {every} seconds"
    return f"{schedule} (the first field is seconds)"


def _tables(value: Literal) -> tuple[Table, ...]:
    if isinstance(value, tuple):
        return tuple(plain for each in value if isinstance(plain := _value(each), Table))
    return (value,) if isinstance(value, Table) else ()


def _is_app(table: Table) -> bool:
    return any(table.entry(name) is not None for name in ("script", "cmd", "command"))


def _listed(entry: Table) -> Pm2App:
    environment = entry.get("pm2_env")
    app = _app(environment if isinstance(environment, Table) else entry)
    return msgspec.structs.replace(
        app,
        name=_text(entry.get("name")) or app.name,
        pid=_pid(entry.get("pid")),
        pm_id=_whole(entry.get("pm_id")) if entry.entry("pm_id") is not None else app.pm_id,
    )


def _app(table: Table) -> Pm2App:
    script = _first(table, *_SCRIPT) or ""
    unknown = next((value for name in _SCRIPT if (value := table.get(name)) is not None), None)
    interpreter = _last_written(table, "exec_interpreter", "interpreter")
    named = table.entry("name")
    first = named or table.entry("script")
    uptime = _whole(table.get("pm_uptime"))
    return Pm2App(
        name=_text(table.get("name")) or posixpath.splitext(posixpath.basename(script))[0],
        script=script,
        arguments=_arguments(table.get("args")),
        interpreter=interpreter,
        cwd=_first(table, "pm_cwd", "cwd"),
        autorestart=_value(table.get("autorestart")) not in (False, "false"),
        cron_restart=_first(table, "cron_restart", "cron") or None,
        max_restarts=_whole(table.get("max_restarts")),
        instances=_text_or_whole(table.get("instances")),
        exec_mode=_first(table, "exec_mode"),
        watch=_value(table.get("watch")) not in (None, False, "false", ()),
        max_memory_restart=_text_or_whole(table.get("max_memory_restart")),
        pm_id=_whole(table.get("pm_id")),
        pid=_pid(table.get("pid")),
        status=_first(table, "status"),
        restarts=_whole(table.get("restart_time")),
        unstable_restarts=_whole(table.get("unstable_restarts")),
        exit_code=_whole(table.get("exit_code")),
        started=None if uptime is None else uptime / 1000,
        error_log=_first(table, "pm_err_log_path", "error_file"),
        output_log=_first(table, "pm_out_log_path", "out_file"),
        line=table.line if first is None else first.line,
        guessed=any(isinstance(table.get(name), Guess) for name in _RUNS),
        unfollowed=unknown.text if isinstance(unknown, Opaque) else "",
    )


def _arguments(value: Literal) -> tuple[str, ...]:
    """A list of words, or a text that pm2 splits at blanks, quotes kept together."""
    value = _value(value)
    if isinstance(value, tuple):
        return tuple(str(plain) for each in value if isinstance(plain := _value(each), str | int | float))
    if not isinstance(value, str) or not value:
        return ()
    try:
        return tuple(shlex.split(value)) if "[" not in value else (value,)
    except ValueError:
        return (value,)


def _first(table: Table, *names: str) -> str | None:
    return next((text for name in names if (text := _text(table.get(name))) is not None), None)


def _last_written(table: Table, *names: str) -> str | None:
    written = [_text(entry.value) for entry in table.entries if entry.name in names]
    return next((text for text in reversed(written) if text), None)


def _value(value: Literal) -> Literal:
    """A value whether it is certain or a guess."""
    return _value(value.value) if isinstance(value, Guess) else value


def _text(value: Literal) -> str | None:
    """A text; what of it is known where the rest is worked out: ``$root/x.js``."""
    plain = _value(value)
    if isinstance(plain, Opaque):
        return plain.known if "/" in plain.known else None
    return plain if isinstance(plain, str) else None


def _whole(value: Literal) -> int | None:
    value = _value(value)
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text_or_whole(value: Literal) -> str | int | None:
    value = _value(value)
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _pid(value: Literal) -> int | None:
    pid = _whole(value)
    return pid or None

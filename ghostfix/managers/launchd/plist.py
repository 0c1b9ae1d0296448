"""Launchd jobs as their property lists define them (``launchd.plist(5)``); XML and binary.

Reading is as lenient as launchd's own parsers are: CFPropertyList ends a comment at the first ``-->``,
takes comments and ``<?...?>`` anywhere before ``<plist>`` and skips a DOCTYPE up to its ``>``, all of
which Python's plistlib refuses. A bare ``&`` is refused by CFPropertyList and was seen to be accepted by
launchd: such a job is read, and the doubt is said.
"""

import codecs
import re
import struct
from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Variable
from ghostfix.model.reading import Reading

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODING = Pattern(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_BARE_AMPERSAND = Pattern(r"&(?!(?:[A-Za-z]{2,5}|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
# What plistlib raises on documents that are no property list, whichever format they pretend to be.
_REFUSALS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
    struct.error,
)


class RestartRule(Enum):
    """After which of its exits launchd starts a job again (keys of KeepAlive, any of them suffices)."""

    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    ON_SUCCESS = "on-success"
    ON_CRASH = "on-crash"
    UNLESS_CRASHED = "unless-crashed"
    PATH_STATE = "path-state"
    OTHER_JOB = "other-job"
    QUEUE_DIRECTORIES = "queue-directories"
    NETWORK_STATE = "network-state"
    """Documented as no longer implemented: it restarts nothing."""


class CalendarInterval(Struct, frozen=True, kw_only=True):
    """One entry of StartCalendarInterval; a missing key is a wildcard. Weekday 0 and 7 are Sunday."""

    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    hour: int | None = None
    minute: int | None = None


class PathCondition(Struct, frozen=True):
    """A path that must exist (or must not) for the job to be kept alive."""

    path: str
    exists: bool


class LaunchdJob(Struct, frozen=True, kw_only=True):
    """What one property list asks launchd to do."""

    label: str
    program: str | None
    """What is executed: Program, else BundleProgram, else the first of ProgramArguments."""
    argv: tuple[str, ...]
    """What the process sees as its arguments; its first word need not be ``program``."""
    working_directory: str | None = None
    environment: tuple[Variable, ...] = ()
    user: str | None = None
    disabled: bool = False
    """The Disabled key, which a flag set by ``launchctl enable`` or ``disable`` overrules."""
    run_at_load: bool = False
    restarts: tuple[RestartRule, ...] = ()
    path_conditions: tuple[PathCondition, ...] = ()
    interval: int | None = None
    """StartInterval, in seconds."""
    throttle: int | None = None
    """ThrottleInterval, in seconds; launchd's default is 10."""
    calendar: tuple[CalendarInterval, ...] = ()
    watch_paths: tuple[str, ...] = ()
    queue_directories: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    mach_services: tuple[str, ...] = ()
    launch_events: tuple[str, ...] = ()
    start_on_mount: bool = False
    error_path: str | None = None
    output_path: str | None = None
    doubts: tuple[str, ...] = ()
    """Why launchd might read the file in another way."""

    @property
    def output(self) -> tuple[str, ...]:
        """The files that take what it prints, errors first; launchd opens them from ``/``."""
        paths = [path for path in (self.error_path, self.output_path) if path]
        rooted = [path if path.startswith("/") else f"/{path}" for path in paths]
        return tuple(dict.fromkeys(path for path in rooted if not path.startswith("/dev/")))

    @property
    def command(self) -> tuple[str, ...]:
        """The command line, with what is really executed as its first word."""
        if self.program is None:
            return self.argv
        return (self.program, *self.argv[1:])

    @property
    def restarts_on_exit(self) -> bool:
        """Whether launchd starts it again after some exit, without any schedule or trigger."""
        return any(rule is not RestartRule.NETWORK_STATE for rule in self.restarts)


def read_plist(content: bytes) -> Reading[LaunchdJob | None]:
    """The job that a property list defines; None when it defines none (it has no Label).

    Incomplete, with the reason, when neither plistlib nor the lenient reading makes sense of it.
    """
    document, doubts, problem = _document(content)
    if problem is not None:
        return Reading(None, problem, complete=False)
    keys = _Keys(document)
    label = keys.text("Label")
    if not label:
        return Reading(None)
    return Reading(_job(label, keys, doubts))


def _document(content: bytes) -> tuple[object, tuple[str, ...], str | None]:
    """The document, doubts about it, and why there is none."""
    if not content.strip():
        return None, (), "the file is empty"
    try:
        return _loaded(content), (), None
    except _RefusedError as refusal:
        reason = str(refusal)
    if content.startswith(b"bplist"):
        return None, (), f"damaged binary property list ({reason})"
    text = _decoded(content)
    if "<plist" not in text:
        kind = "an old-style property list" if text.lstrip().startswith(("{", "(")) else "no property list"
        return None, (), f"{kind}: neither XML nor binary"
    doubts: tuple[str, ...] = ()
    body = _without_prologue(text)
    if _BARE_AMPERSAND.search(body):
        body = _escaped(body)
        doubts = ('it contains a bare "&", which plutil refuses and launchd may accept',)
    try:
        return _loaded(body.encode(errors="replace"), xml=True), doubts, None
    except _RefusedError as refusal:
        cut = "" if "</plist>" in body else "; it is cut off"
        return None, (), f"malformed property list ({refusal}{cut})"


class _RefusedError(Exception):
    """Why plistlib takes no property list from a text."""


def _loaded(content: bytes, *, xml: bool = False) -> object:
    """The document; raises _RefusedError. Here plistlib is loaded, for Linux has no property lists."""
    import plistlib
    from xml.parsers.expat import ExpatError

    try:
        document: object = plistlib.loads(content, fmt=plistlib.FMT_XML if xml else None)
    except (*_REFUSALS, ExpatError) as refusal:
        raise _RefusedError(str(refusal) or type(refusal).__name__) from refusal
    return document


def _decoded(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    declared = _ENCODING.search(content[:4096])
    name = declared.group(1).decode() if declared else "utf-8"
    try:
        return content.decode(name, errors="replace")
    except (LookupError, ValueError):
        return content.decode(errors="replace")


def _without_prologue(text: str) -> str:
    """The document without comments, processing instructions and DOCTYPE, as CFPropertyList skips them."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<", position)) >= 0:
        kept.append(text[position:start])
        if text.startswith("<!--", start):
            end = _after(text, "-->", start + 4)
        elif text.startswith("<?", start):
            end = _after(text, "?>", start + 2)
        elif text.startswith("<![CDATA[", start):
            end = _after(text, "]]>", start + 9)
            kept.append(text[start:end])
        elif text.startswith("<!DOCTYPE", start):
            end = _after_doctype(text, start)
        else:
            end = start + 1
            kept.append("<")
        position = end
    kept.append(text[position:])
    return "".join(kept).strip()


def _after(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)


def _after_doctype(text: str, start: int) -> int:
    close, subset = text.find(">", start), text.find("[", start)
    if 0 <= subset < close:
        close = text.find(">", _after(text, "]", subset))
    return len(text) if close < 0 else close + 1


def _escaped(text: str) -> str:
    """Bare ampersands written as XML wants them, except in CDATA sections, where they are right."""
    parts = re.split(r"(<!\[CDATA\[.*?\]\]>)", text, flags=re.DOTALL)
    return "".join(
        part if part.startswith("<![CDATA[") else _BARE_AMPERSAND.sub("&amp;", part) for part in parts
    )


class _Keys:
    """A dictionary of a property list; a value of another type than launchd wants counts as absent."""

    def __init__(self, document: object) -> None:
        self._values: dict[str, object] = (
            {key: value for key, value in document.items() if isinstance(key, str)}
            if isinstance(document, dict)
            else {}
        )

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def items(self) -> Iterable[tuple[str, object]]:
        return self._values.items()

    def value(self, key: str) -> object:
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        value = self._values.get(key)
        return value if isinstance(value, str) else None

    def flag(self, key: str) -> bool | None:
        value = self._values.get(key)
        return value if isinstance(value, bool) else None

    def number(self, key: str) -> int | None:
        value = self._values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def names(self, key: str) -> tuple[str, ...]:
        return tuple(_Keys(self._values.get(key))._values)


def _job(label: str, keys: _Keys, doubts: tuple[str, ...]) -> LaunchdJob:
    arguments = keys.texts("ProgramArguments")
    program = keys.text("Program") or keys.text("BundleProgram") or (arguments[0] if arguments else None)
    if not arguments and program is not None:
        arguments = (program,)
    interval = keys.number("StartInterval")
    return LaunchdJob(
        label=label,
        program=program,
        argv=arguments,
        working_directory=keys.text("WorkingDirectory"),
        environment=tuple(
            Variable(name, value)
            for name, value in _Keys(keys.value("EnvironmentVariables")).items()
            if isinstance(value, str)
        ),
        user=keys.text("UserName"),
        error_path=keys.text("StandardErrorPath"),
        output_path=keys.text("StandardOutPath"),
        disabled=keys.flag("Disabled") is True,
        run_at_load=keys.flag("RunAtLoad") is True,
        restarts=_restarts(keys),
        path_conditions=_path_conditions(_Keys(keys.value("KeepAlive"))),
        interval=interval if interval is not None and interval > 0 else None,
        throttle=keys.number("ThrottleInterval"),
        calendar=_calendar(keys.value("StartCalendarInterval")),
        watch_paths=keys.texts("WatchPaths"),
        queue_directories=keys.texts("QueueDirectories"),
        sockets=keys.names("Sockets"),
        mach_services=keys.names("MachServices"),
        launch_events=keys.names("LaunchEvents"),
        start_on_mount=keys.flag("StartOnMount") is True,
        doubts=doubts,
    )


def _restarts(keys: _Keys) -> tuple[RestartRule, ...]:
    """KeepAlive, or OnDemand (its opposite, older); launchd also keeps a job alive for a full queue."""
    rules: list[RestartRule] = []
    keep_alive = keys.flag("KeepAlive")
    if keep_alive is True or ("KeepAlive" not in keys and keys.flag("OnDemand") is False):
        rules.append(RestartRule.ALWAYS)
    conditions = _Keys(keys.value("KeepAlive"))
    for key, when_true, when_false in (
        ("SuccessfulExit", RestartRule.ON_SUCCESS, RestartRule.ON_FAILURE),
        ("Crashed", RestartRule.ON_CRASH, RestartRule.UNLESS_CRASHED),
    ):
        wanted = conditions.flag(key)
        if wanted is not None:
            rules.append(when_true if wanted else when_false)
    if conditions.names("PathState"):
        rules.append(RestartRule.PATH_STATE)
    if conditions.names("OtherJobEnabled") or conditions.names("OtherJobActive"):
        rules.append(RestartRule.OTHER_JOB)
    if keys.texts("QueueDirectories"):
        rules.append(RestartRule.QUEUE_DIRECTORIES)
    if conditions.flag("NetworkState") is not None:
        rules.append(RestartRule.NETWORK_STATE)
    return tuple(rules)


def _path_conditions(conditions: _Keys) -> tuple[PathCondition, ...]:
    paths = _Keys(conditions.value("PathState"))
    return tuple(PathCondition(path, wanted) for path, wanted in paths.items() if isinstance(wanted, bool))


def _calendar(value: object) -> tuple[CalendarInterval, ...]:
    entries = value if isinstance(value, list) else [value]
    return tuple(_calendar_interval(_Keys(entry)) for entry in entries if isinstance(entry, dict))


def _calendar_interval(keys: _Keys) -> CalendarInterval:
    return CalendarInterval(
        month=keys.number("Month"),
        day=keys.number("Day"),
        weekday=keys.number("Weekday"),
        hour=keys.number("Hour"),
        minute=keys.number("Minute"),
    )

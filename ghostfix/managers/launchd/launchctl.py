"""What ``launchctl`` answers, read into facts; the forms of macOS 10.11 to 15.

``list``: tab-separated PID, status, label. ``print DOMAIN/LABEL``:
``key = value`` lines indented once, and blocks that repeat the same keys further in (an environment may
contain a variable called ``state``), so only the first level is read. ``print-disabled``: ``true`` and
``false`` up to macOS 12, ``disabled`` and ``enabled`` since.
"""

from msgspec import Struct

from ghostfix.model.pattern import Pattern

SUCCESS = 0
NOT_FOUND = 113
"""``print`` of a label that is not loaded."""
NOT_LOADED = 3
"""``bootout`` of a label that is not loaded."""
IN_PROGRESS = 36
"""``bootout`` while the job still ends."""
NO_SUCH_DOMAIN = 125
GENERIC_FAILURE = 5
"""``bootstrap`` of a label that is loaded already, or that is disabled."""
ALREADY_LOADED = 17
BEING_LOADED = 37

_MEANINGS = {
    1: "not permitted: only root or the domain's own user may do this",
    NOT_LOADED: "no such job: it is not loaded",
    GENERIC_FAILURE: "refused: it is loaded already, it is disabled, or its plist or program is not usable",
    9: "the label is not allowed, or the plist has another owner than launchd wants",
    13: "permission denied",
    ALREADY_LOADED: "it is loaded already",
    22: "invalid argument",
    IN_PROGRESS: "in progress: the job still ends",
    BEING_LOADED: "in progress already",
    78: "the service is misconfigured",
    112: "no such domain: nobody of this user is logged in",
    NOT_FOUND: "no such service in this domain",
    119: "the service is disabled",
    NO_SUCH_DOMAIN: "the domain does not exist here (over ssh there may be no gui domain)",
    133: "the service was removed in the meantime",
    150: "the operation is not permitted while System Integrity Protection is on",
}
_LIST_ROW = Pattern(r"^(-|\d{1,10})\s+(-?\d{1,10}|-)\s+(\S.*)$")
_FLAG = Pattern(r'^\s*"?(.+?)"?\s*=>\s*(true|false|disabled|enabled)\s*$')
_HEADER = Pattern(r"^(\S+)\s*=\s*\{\s*$")
_ENTRY = Pattern(r"^([^={}]{1,80}?) = ?(.*)$")
_LAST_NUMBER = Pattern(r"(\d{1,10})\s*$")
_FIRST_NUMBER = Pattern(r"^-?\d{1,10}")


class ListedJob(Struct, frozen=True, kw_only=True):
    """One row of ``launchctl list``. How it ended is about its previous run, even while it runs."""

    label: str
    pid: int | None
    exit_code: int | None = None
    signal: int | None = None

    @property
    def status(self) -> int | None:
        """As launchctl prints it: the exit code, or minus the signal."""
        return self.exit_code if self.signal is None else -self.signal


class DisabledFlag(Struct, frozen=True):
    """What ``enable`` or ``disable`` last said about a label; overrules the plist's Disabled key."""

    label: str
    disabled: bool


class PrintedJob(Struct, frozen=True, kw_only=True):
    """A loaded job. None stands for what the answer does not say."""

    domain: str | None = None
    label: str | None = None
    plist: str | None = None
    """The file it was loaded from; None when it was submitted by a program."""
    state: str | None = None
    pid: int | None = None
    runs: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    exit_reason: str | None = None
    program: str | None = None
    arguments: tuple[str, ...] = ()
    working_directory: str | None = None
    interval: int | None = None
    """Seconds."""
    properties: tuple[str, ...] = ()
    semaphores: tuple[str, ...] = ()
    """The conditions of a KeepAlive dictionary, as they are printed: ``successful exit => 0``."""

    @property
    def kept_alive(self) -> bool | None:
        """Whether launchd starts it again when it exits; None when the answer does not say.

        An inetd-style job is kept alive in another sense: its socket is.
        """
        if "inetd" in self.properties:
            return None
        if "keepalive" in self.properties or self.semaphores or self.state == "spawn scheduled":
            return True
        return False if self.properties else None


def meaning(code: int | None) -> str:
    """What an error code of launchctl means, in words."""
    if code is None:
        return "launchctl did not answer"
    words = _MEANINGS.get(code)
    return f"error {code}" if words is None else f"error {code}: {words}"


def parse_list(text: str) -> tuple[ListedJob, ...]:
    """The rows of ``launchctl list``; what is no row is skipped."""
    rows = (_LIST_ROW.match(line) for line in text.splitlines())
    return tuple(_listed(*row.groups()) for row in rows if row is not None)


def _listed(pid: str, status: str, label: str) -> ListedJob:
    ended = 0 if status == "-" else int(status)
    return ListedJob(
        label=label.strip(),
        pid=None if pid == "-" else int(pid),
        exit_code=ended if ended >= 0 else None,
        signal=-ended if ended < 0 else None,
    )


def parse_print_disabled(text: str) -> tuple[DisabledFlag, ...]:
    """The flags in the ``disabled services`` block; other blocks have the same labels with other values.

    What stands in no block is a part of that one: an answer that went through grep.
    """
    flags: list[DisabledFlag] = []
    inside = True
    for line in text.splitlines():
        if line.rstrip().endswith("{"):
            inside = line.strip().startswith("disabled services")
        elif line.strip() == "}":
            inside = False
        elif inside and (match := _FLAG.match(line)) is not None:
            flags.append(DisabledFlag(match.group(1), match.group(2) in ("true", "disabled")))
    return tuple(flags)


def parse_print(text: str) -> PrintedJob:
    """The first level of ``launchctl print DOMAIN/LABEL``, or of a part of such an answer."""
    lines = [line for line in text.splitlines() if line.strip()]
    header = _HEADER.match(lines[0]) if lines else None
    if header is not None:
        lines = lines[1:]
    values, blocks = _first_level(lines)
    domain, _, label = (header.group(1) if header else "").rpartition("/")
    signal = _last_number(values.get("last terminating signal"))
    path = values.get("path", "")
    return PrintedJob(
        domain=domain or None,
        label=label or None,
        plist=path if path.startswith("/") else None,
        state=values.get("state"),
        pid=_number(values.get("pid")),
        runs=_number(values.get("runs")),
        exit_code=_number(values.get("last exit code")),
        signal=signal,
        exit_reason=values.get("last exit reason"),
        program=values.get("program"),
        arguments=tuple(blocks.get("arguments", ())),
        working_directory=values.get("working directory"),
        interval=_number(values.get("run interval")),
        semaphores=tuple(line.strip() for line in blocks.get("semaphores", ())),
        properties=tuple(word.strip() for word in values.get("properties", "").split("|") if word.strip()),
    )


def _first_level(lines: list[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Keys and values of the first level, and the lines of its blocks."""
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else ""
    values: dict[str, str] = {}
    blocks: dict[str, list[str]] = {}
    block: str | None = None
    for line in lines:
        if block is not None:
            if line.rstrip() == f"{indent}}}":
                block = None
            else:
                blocks.setdefault(block, []).append(line.removeprefix(f"{indent}\t"))
            continue
        entry = _ENTRY.match(line.removeprefix(indent))
        if entry is None or not line.startswith(indent) or entry.group(1)[0].isspace():
            continue
        name, value = entry.group(1).rstrip(), entry.group(2).strip()
        if value == "{":
            block = name
        else:
            values.setdefault(name, value)
    return values, blocks


def _number(text: str | None) -> int | None:
    """The number that a value begins with: ``78: EX_CONFIG``, ``3600 seconds``; None for words."""
    match = _FIRST_NUMBER.match(text or "")
    return None if match is None else int(match.group())


def _last_number(text: str | None) -> int | None:
    match = _LAST_NUMBER.search(text or "")
    return None if match is None else int(match.group(1))

"""Unit journal: what a unit wrote, and what systemd noted of it, by ``journalctl``."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from ghostfix.managers.systemd.systemctl import Scope
from ghostfix.model.last_end import LastLine
from ghostfix.model.machine import System
from ghostfix.model.reading import Reading

_RECORDS = 300
"""So many are read: the newest; of a unit's five last starts more than enough."""
_SECONDS = 5.0
_LINES = 150
_WIDTH = 2000
_FIELDS = (
    "MESSAGE", "_PID", "_COMM", "SYSLOG_IDENTIFIER", "_SYSTEMD_INVOCATION_ID", "INVOCATION_ID",
    "USER_INVOCATION_ID", "EXIT_CODE", "EXIT_STATUS", "UNIT_RESULT", "JOB_TYPE", "CONFIG_FILE", "CONFIG_LINE",
)  # fmt: skip


class _Record(Struct, frozen=True):
    """One record as ``journalctl -o json`` prints it; a field that is no text is a list of bytes, or null."""

    MESSAGE: object = None
    SYSLOG_IDENTIFIER: object = None
    COMM: object = msgspec.field(name="_COMM", default=None)
    OWN_INVOCATION: object = msgspec.field(name="_SYSTEMD_INVOCATION_ID", default=None)
    INVOCATION_ID: object = None
    USER_INVOCATION_ID: object = None
    EXIT_CODE: object = None
    EXIT_STATUS: object = None
    UNIT_RESULT: object = None
    JOB_TYPE: object = None
    CONFIG_FILE: object = None
    CONFIG_LINE: object = None
    TIMESTAMP: object = msgspec.field(name="__REALTIME_TIMESTAMP", default=None)


class JournalRecord(Struct, frozen=True, kw_only=True):
    """One record of a unit."""

    text: str
    at: float | None
    invocation: str
    """The unit's run that it belongs to; empty for what systemd says between two runs."""
    by_manager: bool
    """Systemd said it of the unit, and not the unit's own program."""
    exit_code: str = ""
    """``exited``, ``killed`` or ``dumped``, where systemd notes the end of a process."""
    exit_status: int = 0
    result: str = ""
    """The unit's ``Result`` with which this run failed."""
    job: str = ""
    """``start``, ``stop``, ...: the job of systemd's that it reports on."""
    config_file: str = ""
    config_line: int | None = None
    """Where systemd found fault with the unit's file."""


def command(scope: Scope, unit: str) -> tuple[str, ...]:
    """``journalctl`` for one unit: its newest records, one JSON document a line."""
    which = "--user-unit" if scope.user else "--unit"
    return (
        "journalctl",
        f"{which}={unit}",
        "--output=json",
        f"--output-fields={','.join(_FIELDS)}",
        "--no-pager",
        "--quiet",
        f"--lines={_RECORDS}",
    )


def read_journal(system: System, scope: Scope, unit: str) -> Reading[tuple[JournalRecord, ...]]:
    """The unit's newest records, the oldest first; what the caller may not read is not among them."""
    answer = system.ask(command(scope, unit), timeout=_SECONDS, user=scope.runner)
    if answer.status != 0:
        return Reading((), f"journalctl did not answer for {unit}: {answer.complaint}", complete=False)
    return Reading(parse_journal(answer.stdout))


def parse_journal(output: bytes) -> tuple[JournalRecord, ...]:
    """The records of ``journalctl -o json``; lines that are no record are left out."""
    found = []
    for line in output.splitlines():
        try:
            found.append(_record(msgspec.json.decode(line, type=_Record)))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return tuple(found)


def own_lines(records: Iterable[JournalRecord], invocation: str) -> tuple[LastLine, ...]:
    """The last lines that the unit's programs wrote in this run, the newest last."""
    said = [
        LastLine(line[:_WIDTH], record.at)
        for record in records
        if not record.by_manager and record.invocation == invocation
        for line in record.text.splitlines()
        if line.strip()
    ]
    return tuple(said[-_LINES:])


def _record(row: _Record) -> JournalRecord:
    identifier, comm = _text(row.SYSLOG_IDENTIFIER), _text(row.COMM)
    told = _text(row.INVOCATION_ID) or _text(row.USER_INVOCATION_ID)
    # Before systemd executes the program, its child calls itself by the program's name in brackets.
    child = identifier.startswith("(") or comm.startswith("(")
    stamp = _text(row.TIMESTAMP)
    return JournalRecord(
        text=_text(row.MESSAGE),
        at=int(stamp) / 1e6 if stamp.isdigit() else None,
        invocation=told or _text(row.OWN_INVOCATION),
        by_manager=bool(told) or identifier == "systemd" or child,
        exit_code=_text(row.EXIT_CODE),
        exit_status=_number(row.EXIT_STATUS) or 0,
        result=_text(row.UNIT_RESULT),
        job=_text(row.JOB_TYPE),
        config_file=_text(row.CONFIG_FILE),
        config_line=_number(row.CONFIG_LINE),
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, int) and 0 <= item < 256 for item in value):
        return bytes(value).decode(errors="backslashreplace")
    return ""


def _number(value: object) -> int | None:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() else None

"""PID files: the process that the content of one names."""

import msgspec

MAX_PID = 2**22
"""The highest PID that Linux gives (``PID_MAX_LIMIT``); macOS stays below."""


class _Document(msgspec.Struct):
    """A PID file that is a JSON object, as some lock files are."""

    pid: int


def parse_pid(content: bytes) -> int | None:
    """The number on the first line (``postmaster.pid`` has more lines), or a JSON object's ``pid``."""
    first = content.strip().split(b"\n", 1)[0].strip()
    if first.isdigit() and len(first) <= 10:
        pid = int(first)
    else:
        try:
            pid = msgspec.json.decode(content, type=_Document).pid
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
    return pid if 0 < pid <= MAX_PID else None

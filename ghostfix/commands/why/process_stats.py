"""Process stats: what the kernel counts of one process, and what it holds that is deleted.

On Linux from ``/proc/PID``; elsewhere everything is unknown. None means "could not be read".
"""

import re

from msgspec import Struct

from ghostfix.model.machine import Platform, System

_LIMIT = 65_536
_DELETED = " (deleted)"
_NAMELESS = "/tmp/#"  # noqa: S108 (a file that never had a name)
_MOST_DESCRIPTORS = 512
_TICKS = 100
"""Clock ticks a second in what ``/proc`` shows (``USER_HZ``), which is 100 on every Linux of today."""
_PRELOADS = frozenset({"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"})
_BIND = 10
_ADMIN = 21
"""Numbers of CAP_NET_BIND_SERVICE and CAP_SYS_ADMIN in linux/capability.h."""
_LAST_CAPABILITY = 40


class Descriptor(Struct, frozen=True):
    """One open file descriptor: its number, and where it leads, as ``/proc/PID/fd`` names it."""

    number: int
    target: str


class ProcessStats(Struct, frozen=True, kw_only=True):
    """Sizes are bytes, times are seconds."""

    threads: int | None = None
    virtual_bytes: int | None = None
    resident_bytes: int | None = None
    shared_bytes: int | None = None
    swapped_bytes: int | None = None
    cpu_seconds: float | None = None
    read_bytes: int | None = None
    written_bytes: int | None = None
    read_calls: int | None = None
    write_calls: int | None = None
    """How often it has asked the kernel to read and to write, sockets and terminals included."""
    capabilities: str | None = None
    """The effective ones, in words: ``all``, ``none``, or how many."""
    executable_deleted: bool = False
    folder_deleted: bool = False
    descriptors: tuple[Descriptor, ...] = ()
    """The first 512."""
    deleted_files: tuple[str, ...] = ()
    """Files that it holds open, and that have no name any more."""
    preloaded: tuple[str, ...] = ()
    """Variables that put foreign code into it: names only."""
    terminal: str | None = None
    """The terminal on its standard input, output or error."""


def process_stats(system: System, pid: int) -> ProcessStats:
    """Reads a handful of small files of ``/proc``, and where at most 512 descriptors lead."""
    if system.platform is not Platform.LINUX:
        return ProcessStats()
    folder = f"/proc/{pid}"
    status = parse_status(_text(system, f"{folder}/status"))
    io = parse_status(_text(system, f"{folder}/io"))
    descriptors = _descriptors(system, folder)
    return ProcessStats(
        threads=_number(status.get("Threads")),
        virtual_bytes=_size(status.get("VmSize")),
        resident_bytes=_size(status.get("VmRSS")),
        shared_bytes=_sum(_size(status.get("RssFile")), _size(status.get("RssShmem"))),
        swapped_bytes=_size(status.get("VmSwap")),
        cpu_seconds=parse_cpu_seconds(_text(system, f"{folder}/stat")),
        read_bytes=_number(io.get("read_bytes")),
        written_bytes=_number(io.get("write_bytes")),
        read_calls=_number(io.get("syscr")),
        write_calls=_number(io.get("syscw")),
        capabilities=capabilities_in_words(status.get("CapEff")),
        executable_deleted=system.resolve(f"{folder}/exe").endswith(_DELETED),
        folder_deleted=system.resolve(f"{folder}/cwd").endswith(_DELETED),
        descriptors=descriptors,
        deleted_files=_deleted(descriptors),
        preloaded=preload_variables(_text(system, f"{folder}/environ")),
        terminal=_terminal(descriptors),
    )


def parse_status(text: str) -> dict[str, str]:
    """The ``Name: value`` lines of ``/proc/PID/status`` and ``/proc/PID/io``."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, colon, value in pairs if colon}


def parse_cpu_seconds(stat: str) -> float | None:
    """User and system time in ``/proc/PID/stat``; the name before them may contain anything."""
    fields = stat.rpartition(")")[2].split()
    if len(fields) < 13 or not (fields[11].isdigit() and fields[12].isdigit()):
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS


def capabilities_in_words(mask: str | None) -> str | None:
    """``CapEff`` of ``/proc/PID/status`` (hexadecimal) in words."""
    if mask is None or not re.fullmatch(r"[0-9a-f]+", mask):
        return None
    bits = int(mask, 16)
    if bits == 0:
        return "none"
    count = bits.bit_count()
    if count >= _LAST_CAPABILITY:
        return "all"
    notable = [
        name for number, name in ((_BIND, "net_bind_service"), (_ADMIN, "sys_admin")) if bits >> number & 1
    ]
    return f"{count} of {_LAST_CAPABILITY + 1}" + (f" ({', '.join(notable)})" if notable else "")


def preload_variables(environment: str) -> tuple[str, ...]:
    """Which of the variables that preload code are set in ``/proc/PID/environ``."""
    pairs = (entry.partition("=") for entry in environment.split("\0"))
    return tuple(sorted({name for name, _, value in pairs if name in _PRELOADS and value}))


def _descriptors(system: System, folder: str) -> tuple[Descriptor, ...]:
    names = [name for name in system.names(f"{folder}/fd").value if name.isdigit()]
    return tuple(
        # What has no path (``pipe:[12]``) is resolved as if it lay in the folder of the links.
        Descriptor(int(name), system.resolve(f"{folder}/fd/{name}").removeprefix(f"{folder}/fd/"))
        for name in sorted(names, key=int)[:_MOST_DESCRIPTORS]
    )


def _deleted(descriptors: tuple[Descriptor, ...]) -> tuple[str, ...]:
    unnamed = ("/dev/", "/memfd:", _NAMELESS)
    paths = {each.target for each in descriptors if each.target.startswith("/")}
    paths = {path for path in paths if path.endswith(_DELETED)}
    return tuple(sorted(path.removesuffix(_DELETED) for path in paths if not path.startswith(unnamed)))


def _terminal(descriptors: tuple[Descriptor, ...]) -> str | None:
    terminals = [each.target for each in descriptors if each.number <= 2]
    found = (path for path in terminals if path.startswith(("/dev/pts/", "/dev/tty")))
    return next((path.removeprefix("/dev/") for path in found), None)


def _text(system: System, path: str) -> str:
    return system.read(path, _LIMIT).value.decode(errors="backslashreplace")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _size(text: str | None) -> int | None:
    """``20480 kB``."""
    number = _number(text.split()[0]) if text else None
    return None if number is None else number * 1024


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)

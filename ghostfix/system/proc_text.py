"""The text formats of Linux's ``/proc`` (see proc(5)): pure parsers."""

import os
import re

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.model.process import ProcessState
from ghostfix.model.snapshot import NetworkCounters
from ghostfix.system.decoding import decoded

_STATES = {
    "R": ProcessState.RUNNING,
    "S": ProcessState.SLEEPING,
    "I": ProcessState.SLEEPING,
    "D": ProcessState.UNINTERRUPTIBLE,
    "T": ProcessState.STOPPED,
    "t": ProcessState.STOPPED,
    "Z": ProcessState.ZOMBIE,
    "X": ProcessState.DEAD,
    "x": ProcessState.DEAD,
}
_EXITING = 0x4
"""``PF_EXITING`` of the kernel's ``sched.h``: on the way from its last instruction to a zombie."""
_CONTAINER = Pattern(r"(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?=/|$)")
_MOUNT = Pattern(r"[0-9]+ [0-9]+ ([0-9]{1,6}):([0-9]{1,6}) .*? - fuse\S* \S+ (\S+)$", re.ASCII)
_MOUNTED_BY = Pattern(r"(?:^|,)user_id=([0-9]{1,10})(?:,|$)")
# A title that setproctitle wrote is padded with NULs to the length of the old command line.
_PADDING = b"\0" * 8


class Stat(Struct, frozen=True):
    """Those fields of ``/proc/PID/stat`` that are used; ``started`` in clock ticks since boot."""

    name: str
    state: ProcessState
    ppid: int
    group: int
    session: int
    threads: int
    started: int
    virtual_bytes: int
    """0 for the kernel's own threads and for zombies: they have no memory of their own."""
    pages: int


def parse_stat(raw: bytes) -> Stat:
    """The name stands in parentheses and may contain anything, parentheses and blanks included."""
    end = raw.rindex(b")")
    fields = raw[end + 2 :].split()
    state = _STATES.get(fields[0].decode(), ProcessState.UNKNOWN)
    if int(fields[6]) & _EXITING and state is not ProcessState.ZOMBIE:
        state = ProcessState.DEAD  # it has lost its memory, and its command line with it
    return Stat(
        decoded(raw[raw.index(b"(") + 1 : end]),
        state,
        int(fields[1]),
        int(fields[2]),
        int(fields[3]),
        int(fields[17]),
        int(fields[19]),
        int(fields[20]),
        int(fields[21]),
    )


def parse_cmdline(raw: bytes) -> tuple[str, ...]:
    """The arguments; a title that a program gave itself is one word. Empty for zombies and kernel threads."""
    words = raw.removesuffix(b"\0")
    if words.endswith(_PADDING):
        words = words.rstrip(b"\0")
    return tuple(decoded(words).split("\0")) if words else ()


def parse_open_file_limit(limits: bytes) -> int | None:
    """The soft limit of open files in ``/proc/PID/limits``; None when unlimited or absent."""
    return _soft_limit(rb"Max open files", limits)


def parse_task_limit(limits: bytes) -> int | None:
    """The soft limit of its user's processes, threads counted, likewise."""
    return _soft_limit(rb"Max processes", limits)


def _soft_limit(name: bytes, limits: bytes) -> int | None:
    match = re.search(rb"^" + name + rb"\s+(\d+)\s", limits, re.MULTILINE)
    return int(match.group(1)) if match else None


def parse_control_group(text: str) -> str | None:
    """The path in ``/proc/PID/cgroup``: version 2's, else the one that systemd names its units by."""
    paths = {}
    for line in text.splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        paths[controllers] = path
    for controllers in ("", "name=systemd"):
        if paths.get(controllers):
            return paths[controllers]
    return next((path for path in paths.values() if path), None)


def parse_container(cgroup: str) -> str | None:
    """The container's id (docker, podman, containerd, cri-o: 64 hex digits) in ``/proc/PID/cgroup``."""
    found = [match for line in cgroup.splitlines() for match in _CONTAINER.compiled.findall(line)]
    return found[-1] if found else None


_LOCKED_FILE = Pattern(r"([0-9a-fA-F]{1,8}):([0-9a-fA-F]{1,8}):([0-9]{1,20})")


def parse_locks(text: str) -> frozenset[tuple[int, int, int]]:
    """(major, minor, inode) of every file in ``/proc/locks`` that a process holds; waiters are left out."""
    held = set()
    for line in text.splitlines():
        fields = line.split()
        file = _LOCKED_FILE.fullmatch(fields[5]) if len(fields) >= 8 and fields[1] != "->" else None
        if file is not None:
            held.add((int(file[1], 16), int(file[2], 16), int(file[3])))
    return frozenset(held)


def parse_network(table: bytes) -> NetworkCounters:
    """All interfaces of ``/proc/net/dev`` together: eight columns of what came in, then of what went out."""
    sent = received = packets_sent = packets_received = 0
    for line in table.splitlines()[2:]:
        columns = line.rpartition(b":")[2].split()
        received, packets_received = received + int(columns[0]), packets_received + int(columns[1])
        sent, packets_sent = sent + int(columns[8]), packets_sent + int(columns[9])
    return NetworkCounters(sent, received, packets_sent, packets_received)


def parse_memory(meminfo: bytes) -> tuple[float, float]:
    """Percentages of memory and of swap in use, from ``/proc/meminfo`` (psutil's definition)."""
    sizes = {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(b":") for line in meminfo.splitlines())
        if rest.split()
    }
    total, available = sizes.get(b"MemTotal", 0), sizes.get(b"MemAvailable", sizes.get(b"MemFree", 0))
    swap, swap_free = sizes.get(b"SwapTotal", 0), sizes.get(b"SwapFree", 0)
    return (
        100.0 * (total - available) / total if total else 0.0,
        100.0 * (swap - swap_free) / swap if swap else 0.0,
    )


def parse_mounters(text: str) -> dict[int, int]:
    """Who mounted each FUSE file system of ``/proc/PID/mountinfo`` (proc(5)), by device number; not root.

    Its files are whose that user says they are, whatever ``stat`` says (mount.fuse(8), ``user_id``).
    """
    found = {}
    for line in text.splitlines():
        mount = _MOUNT.match(line)
        user = None if mount is None else _MOUNTED_BY.search(mount[3])
        if mount is not None and user is not None and int(user[1]) != 0:
            found[os.makedev(int(mount[1]), int(mount[2]))] = int(user[1])
    return found

"""Listening TCP sockets, and which processes hold them."""

import os
import socket
import struct
from collections.abc import Iterator

from msgspec import Struct

from ghostfix.model.process import Listener
from ghostfix.model.reading import Reading
from ghostfix.system.commands import run
from ghostfix.system.decoding import reason
from ghostfix.system.linux_processes import read_whole

_LISTEN = "0A"
_SOCKET = "socket:["
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NETSTAT_SECONDS = 5.0


class SocketRow(Struct, frozen=True):
    """One listening row of ``/proc/net/tcp`` or ``tcp6``."""

    address: str
    port: int
    uid: int
    inode: int


def parse_tcp(table: str) -> tuple[SocketRow, ...]:
    """The listening sockets of ``/proc/net/tcp`` or ``tcp6`` (see proc(5))."""
    rows = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != _LISTEN:
            continue
        address, _, port = fields[1].partition(":")
        rows.append(SocketRow(_address(address), int(port, 16), int(fields[7]), int(fields[9])))
    return tuple(rows)


def _address(digits: str) -> str:
    """The kernel writes addresses as 32-bit words in the machine's own byte order."""
    words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


class LinuxSockets:
    """Reads ``/proc/net`` and matches inodes with the descriptors of the processes."""

    def __init__(self, folder: str = "/proc") -> None:
        self._folder = folder

    def listeners(self) -> Reading[tuple[Listener, ...]]:
        """Every listening socket of this network namespace; incomplete when some owner is not visible."""
        try:
            rows = self._rows()
        except (OSError, ValueError, IndexError) as error:
            why = reason(error) if isinstance(error, OSError) else "it cannot be understood"
            return Reading((), f"{self._folder}/net/tcp: {why}", complete=False)
        owners, unreadable = self._owners({row.inode for row in rows}) if rows else ({}, 0)
        found = tuple(
            Listener(
                address=row.address,
                port=row.port,
                owners=tuple(sorted(owners.get(row.inode, ()))),
                inode=row.inode,
                uid=row.uid,
            )
            for row in sorted(rows, key=lambda row: (row.port, row.address, row.inode))
        )
        unowned = sorted({listener.port for listener in found if not listener.owners})
        if not unowned:
            return Reading(found)
        return Reading(found, _unseen(unowned, unreadable), complete=False)

    def _rows(self) -> tuple[SocketRow, ...]:
        rows = parse_tcp(read_whole(f"{self._folder}/net/tcp").decode())
        try:
            return rows + parse_tcp(read_whole(f"{self._folder}/net/tcp6").decode())
        except FileNotFoundError:  # a kernel without IPv6
            return rows

    def _owners(self, wanted: set[int]) -> tuple[dict[int, set[int]], int]:
        """PIDs by inode, and how many processes did not show their descriptors."""
        names = {f"{_SOCKET}{inode}]": inode for inode in wanted}
        owners: dict[int, set[int]] = {}
        unreadable = 0
        for pid in (name for name in os.listdir(self._folder) if name.isdecimal()):
            try:
                for target in _targets(f"{self._folder}/{pid}/fd"):
                    inode = names.get(target)
                    if inode is not None:
                        owners.setdefault(inode, set()).add(int(pid))
            except PermissionError:
                unreadable += 1
            except OSError:  # it has ended
                continue
        return owners, unreadable


def _targets(path: str) -> Iterator[str]:
    """What each descriptor in a process's folder of them is; raises OSError when the folder is not shown."""
    folder = os.open(path, _FOLDER)
    try:
        for descriptor in os.listdir(folder):
            try:
                # By the open folder: the kernel need not look up the whole path for each of 100,000.
                yield os.readlink(descriptor, dir_fd=folder)
            except OSError:  # closed meanwhile
                continue
    finally:
        os.close(folder)


def _unseen(ports: list[int], unreadable: int) -> str:
    named = ", ".join(str(port) for port in ports)
    why = (
        f"{unreadable} processes of other users do not show their sockets"
        if unreadable
        else "no process has it"
    )
    return f"who listens on port {named} could not be seen ({why})"


class PsutilSockets:
    """Asks psutil; where it does not give all (macOS, not root), process by process and netstat."""

    def listeners(self) -> Reading[tuple[Listener, ...]]:
        """Every listening socket; incomplete when some owner is not visible."""
        import psutil  # not at the top: Linux starts without it

        silent = 0
        try:
            holders = _of_all()
        except (psutil.Error, OSError):
            holders, silent = _process_by_process()
        if silent:
            table = run(("netstat", "-an", "-p", "tcp"), _NETSTAT_SECONDS)
            holders += [(port, address, None) for port, address in parse_netstat(table.text)]
        owners: dict[tuple[int, str], set[int]] = {}
        for port, address, pid in holders:
            owners.setdefault((port, address), set()).update(() if pid is None else (pid,))
        found = tuple(
            Listener(address=address, port=port, owners=tuple(sorted(pids)))
            for (port, address), pids in sorted(owners.items())
        )
        unowned = sorted({listener.port for listener in found if not listener.owners})
        return Reading(found, _unseen(unowned, silent), complete=False) if unowned else Reading(found)


def parse_netstat(table: str) -> tuple[tuple[int, str], ...]:
    """Port and address of the listening rows of ``netstat -an -p tcp`` on macOS: ``127.0.0.1.5555``."""
    found = []
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 6 or not fields[0].startswith("tcp") or fields[5] != "LISTEN":
            continue
        address, _, port = fields[3].rpartition(".")
        anywhere = "0.0.0.0" if fields[0] == "tcp4" else "::"  # noqa: S104 (a name, not a binding)
        if port.isdecimal():
            found.append((int(port), anywhere if address == "*" else address))
    return tuple(found)


def _of_all() -> list[tuple[int, str, int | None]]:
    """Port, address and holder of every listening socket; raises psutil.AccessDenied."""
    import psutil

    return [
        (each.laddr.port, each.laddr.ip, each.pid)
        for each in psutil.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN and each.laddr
    ]


def _process_by_process() -> tuple[list[tuple[int, str, int | None]], int]:
    """The same as far as processes show theirs, and how many do not."""
    import psutil

    found: list[tuple[int, str, int | None]] = []
    silent = 0
    for pid in psutil.pids():
        try:
            own = psutil.Process(pid).net_connections("tcp")
        except psutil.AccessDenied:
            silent += 1
        except (psutil.Error, OSError):
            continue
        else:
            found.extend(
                (each.laddr.port, each.laddr.ip, pid)
                for each in own
                if each.status == psutil.CONN_LISTEN and each.laddr
            )
    return found, silent

"""Run as a program of its own: runs a command and writes what it took, as JSON, to a descriptor.

``python -I -S stopwatch.py DESCRIPTOR terminal|file COMMAND ...``. Not part of the caller, because the kernel
counts the memory of whoever starts a command as the command's: this program is small.
"""

import json
import os
import sys
import time


def main() -> None:
    """One command, one line."""
    told, output, *argv = sys.argv[1:]
    os.set_inheritable(int(told), False)
    master, slave = os.openpty() if output == "terminal" else (-1, -1)
    seen = [(os.POSIX_SPAWN_DUP2, slave, number) for number in (0, 1, 2)] if master >= 0 else []
    started = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=seen)
    first = None
    if master >= 0:
        os.close(slave)
        first = _read_all(master)
    _, status, used = os.wait4(pid, 0)
    ended = time.perf_counter()
    cost = {
        "seconds": ended - started,
        "first": (first or ended) - started,
        "processor": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
        "status": os.waitstatus_to_exitcode(status),
    }
    os.write(int(told), json.dumps(cost).encode())


def _read_all(terminal: int) -> float | None:
    """Reads what comes until all have closed the terminal; when the first of it came."""
    first = None
    while True:
        try:
            data = os.read(terminal, 65_536)
        except OSError:  # EIO: how Linux says that nothing more comes
            return first
        if not data:
            return first
        first = first or time.perf_counter()


if __name__ == "__main__":
    main()

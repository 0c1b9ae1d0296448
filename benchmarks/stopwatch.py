"""Run as a program of its own: runs a command and writes what it took, as JSON, to a descriptor.

``python -I -S stopwatch.py DESCRIPTOR COMMAND ...``. Not part of the caller, because the kernel counts the
memory of whoever starts a command as the command's: this program is small.
"""

import json
import os
import sys
import time


def main() -> None:
    """One command, one line."""
    told = int(sys.argv[1])
    argv = sys.argv[2:]
    os.set_inheritable(told, False)
    started = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ)
    _, status, used = os.wait4(pid, 0)
    cost = {
        "seconds": time.perf_counter() - started,
        "processor": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
        "status": os.waitstatus_to_exitcode(status),
    }
    os.write(told, json.dumps(cost).encode())


if __name__ == "__main__":
    main()

"""Throw-away machines end with the test that booted them, also when that is killed.

A machine belongs to no process of the test: whatever boots it ends at once. So each test has a warden beside
it, a process of its own, that waits for the test's end and then ends its machines, and nothing else. Machines
that are left behind use up the few inotify instances that a user may have, until no further one boots.
"""

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

MACHINE = Path(__file__).with_name("systemd_machine")


@contextlib.contextmanager
def guarded(folders: Sequence[Path]) -> Iterator[None]:
    """While it lasts, the machines in these folders end with this process, and their disks are taken away."""
    words = [sys.executable, "-S", __file__, str(os.getpid()), *map(str, folders)]
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
    ) as warden:
        assert warden.stdout is not None
        assert warden.stdout.readline() == b"on guard\n"
        try:
            yield
        finally:
            warden.kill()


def main() -> None:
    """``warden.py PID FOLDER...``: waits for the end of the process, then ends the machines."""
    owner = os.pidfd_open(int(sys.argv[1]))
    sys.stdout.write("on guard\n")
    sys.stdout.flush()
    select.select([owner], [], [])
    for folder in sys.argv[2:]:
        subprocess.run([str(MACHINE), "stop", folder], check=False, capture_output=True)
        if os.path.ismount(folder):
            subprocess.run(["umount", "--lazy", folder], check=False, capture_output=True)


if __name__ == "__main__":
    main()

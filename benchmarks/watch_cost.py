"""What a watch costs: its share of one core while a service runs quietly among many processes.

``python benchmarks/watch_cost.py [PROCESSES] [SECONDS]`` fills the machine up to 1,250 processes with idle
ones, watches one service for 40 seconds at the default interval, as lines and as a live view, and prints the
share of one core that each took after its start. Run it on a quiet machine: whoever else comes and goes is
read, too.
"""

import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROFILE = '[services.quiet]\ncommand = ["sleep", "4712"]\n'
_WARM_UP = 6.0


def main() -> None:
    """Measures both ways of telling."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1250
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 40.0
    with tempfile.TemporaryDirectory() as folder, crowd(wanted - count()):
        Path(folder, "ghostfix.toml").write_text(PROFILE)
        service = subprocess.Popen(("sleep", "4712"), cwd=folder)
        try:
            print(f"{count()} processes")
            for form in ("lines", "terminal"):
                print(f"{form}: {100 * share(folder, form, seconds):.2f} % of one core")
        finally:
            service.kill()
            service.wait()


def count() -> int:
    return sum(name.isdecimal() for name in os.listdir("/proc"))


@contextmanager
def crowd(number: int) -> Iterator[None]:
    """So many idle processes."""
    idle = [subprocess.Popen(("sleep", "600")) for _ in range(max(0, number))]
    try:
        yield
    finally:
        for each in idle:
            each.kill()
            each.wait()


def share(folder: str, form: str, seconds: float) -> float:
    """The CPU time of a watch over the time that passed."""
    ours, theirs = pty.openpty()
    watch = subprocess.Popen(
        (sys.executable, "-m", "ghostfix", "watch", "quiet", "--format", form),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    threading.Thread(target=drain, args=(ours,), daemon=True).start()
    try:
        time.sleep(_WARM_UP)
        began, used = time.monotonic(), cpu_seconds(watch.pid)
        time.sleep(seconds)
        return (cpu_seconds(watch.pid) - used) / (time.monotonic() - began)
    finally:
        watch.terminate()
        watch.wait()


def drain(terminal: int) -> None:
    while os.read(terminal, 65536):
        pass


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

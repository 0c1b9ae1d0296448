"""The crowd: real processes with descriptors and sockets, beside them cron lines, units and logs.

A member is a small program of our own (``crowd.c``), so that 10,000 of them fit into a machine's memory; its
command line is one of those that run on a machine. It dies with whoever started it, and at the end it is
ended by its PID.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHAPES: tuple[tuple[str, ...], ...] = (
    ("nginx: worker process",),
    ("/usr/sbin/sshd", "-D"),
    ("postgres: writer process",),
    ("/usr/lib/jvm/bin/java", "-Xmx512m", "-jar", "/srv/shop/shop.jar"),
    ("/Applications/Browser.app/helper", "--type=renderer", "--lang=en"),
    ("/usr/bin/python3", "-m", "app.worker", "--queue"),
    ("node", "/srv/web/server.js", "--port"),
    ("/usr/libexec/gvfsd", "--replace"),
    ("redis-server *:6379",),
    ("/bin/bash", "/opt/jobs/poll.sh"),
    ("php-fpm: pool www",),
    ("/usr/bin/containerd-shim", "-namespace", "k8s"),
    ("/usr/bin/python3", "/srv/jobs/mailer.py"),
    ("/bin/sh", "-c", "while true; do sleep 60; done"),
    ("[kworker/u8:2-events]",),
    ("/usr/sbin/rsyslogd", "-n", "-iNONE"),
)
"""Command lines as they run on machines; one in three is a script, which ghostfix has to follow."""
CRON = Path("/etc/cron.d/ghostfix-benchmark")
UNITS = Path("/etc/systemd/system")
_MEMORY = 0.3
"""MiB that a member takes at most, what the kernel keeps of it included."""


class NotHereError(Exception):
    """The machine lacks what a row needs; the message says what."""


def member(folder: Path) -> Path:
    """The program of which the crowd is made, compiled once."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NotHereError("a C compiler (Debian's package `gcc`) makes the crowd")
    program = folder / "member"
    if not program.exists():
        source = Path(__file__).with_name("crowd.c")
        subprocess.run([compiler, "-O2", "-static", "-o", program, source], check=True)
    return program


@contextmanager
def crowd(folder: Path, count: int, *, files: int = 5, listeners: int = 0) -> Iterator[None]:
    """So many more processes, each with so many open files and listening sockets, for as long as it lasts."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1_048_576
    if free < count * _MEMORY:
        raise NotHereError(f"{count} processes need {count * _MEMORY:.0f} MiB; {free:.0f} MiB are free")
    program = member(folder)
    ready, say = os.pipe()
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/srv",
        "LANG": "C.UTF-8",
        "CROWD_FILES": str(files),
        "CROWD_FILE": __file__,
        "CROWD_LISTENERS": str(listeners),
    }
    members: list[int] = []
    try:
        for number in range(count):
            argv = (*SHAPES[number % len(SHAPES)], str(number // len(SHAPES) % 8))
            actions = [(os.POSIX_SPAWN_DUP2, say, 1)]
            members.append(os.posix_spawn(program, argv, variables, file_actions=actions))
        os.close(say)
        waiting = count
        while waiting and (told := os.read(ready, 65_536)):
            waiting -= len(told)
        if waiting:
            raise NotHereError(f"{waiting} of {count} processes could not open their files or sockets")
        yield
    finally:
        os.close(ready)
        _end(members)


def _end(members: list[int]) -> None:
    for pid in members:
        if pid > 1:
            os.kill(pid, signal.SIGKILL)
    for pid in members:
        os.waitpid(pid, 0)


@contextmanager
def belongings(folder: Path) -> Iterator[None]:
    """What else lies about on a crowded machine: 300 cron lines and 200 units (for root only), and 300 logs.

    No line ever runs (there is no 31st of February), and no unit is enabled.
    """
    logs = folder / "other-logs"
    logs.mkdir(exist_ok=True)
    for number in range(300):
        (logs / f"app-{number}.log").write_text("INFO all is well\n" * 50)
    if os.geteuid() != 0:
        yield
        return
    made = [UNITS / f"ghostfix-benchmark-{number}.service" for number in range(200)]
    try:
        if CRON.parent.is_dir():
            lines = (
                f"{number % 60} 3 31 2 * nobody /opt/jobs/{number}.sh >/dev/null" for number in range(300)
            )
            CRON.write_text("\n".join(lines) + "\n")
        for unit in made if UNITS.is_dir() else ():
            unit.write_text("[Service]\nExecStart=/opt/units/run --forever\nRestart=always\n")
        yield
    finally:
        CRON.unlink(missing_ok=True)
        for unit in made:
            unit.unlink(missing_ok=True)

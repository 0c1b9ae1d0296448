"""Watchdogs: which running processes are loops that start the service again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import structs

from ghostfix.commands.machine import local_system
from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.jobs import RESTARTER, hold, jobs
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.job import Job, LinkKind, Place
from ghostfix.model.machine import Platform, System
from ghostfix.model.process import ProcessDetail, ProcessState, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from tests.fake_system import START, FakeSystem, default_caller

DIRECTORY = "/srv/ghost"
MODULE = "gpt_cursor_runner.main"
RUN = f"python3 -m {MODULE}"
SERVICE = Service(name="ghost", profile="test", directory=DIRECTORY, module=MODULE)
SCRIPT = f"{DIRECTORY}/watchdog.sh"
LOOP = f"#!/bin/bash\nwhile true; do\n  pgrep -f x || {RUN} >>logs/g.log 2>&1 &\n  sleep 5\ndone\n"
FOREGROUND = f"#!/bin/bash\nwhile true; do\n  {RUN}\n  sleep 3\ndone\n"


def machine(script: str = LOOP) -> FakeSystem:
    system = FakeSystem()
    system.add_file(SCRIPT, script.encode(), mode=0o755)
    return system


def read(system: System, service: Service = SERVICE) -> Reading[tuple[Job, ...]]:
    return jobs(system, service, ProcessTree(system.processes().value))


def found(system: System) -> tuple[Job, ...]:
    return read(system).value


def test_a_loop_in_a_script() -> None:
    system = machine()
    process = system.add_process(500, ("/bin/bash", "./watchdog.sh"), cwd=DIRECTORY).record
    system.add_process(501, ("sleep", "5"), ppid=500, cwd=DIRECTORY)
    (job,) = found(system)
    assert (job.kind, job.id, job.enabled, job.restarts_on_exit) == ("watchdog", SCRIPT, True, True)
    assert job.where == Place(SCRIPT, 3, LOOP.splitlines()[2].strip())
    assert (job.link.kind, job.link.hops) == (LinkKind.RUNS, ())
    assert job.trigger == "every 5 s (it looks first: pgrep -f x)"
    assert (job.processes, job.starts, job.guarded) == ((process.id,), (), True)
    assert job.confidence is Confidence.CERTAIN


def test_a_loop_that_reaches_the_service_through_another_script() -> None:
    system = machine("#!/bin/sh\nwhile :; do ./start.sh; sleep 60; done\n")
    system.add_file(f"{DIRECTORY}/start.sh", f"#!/bin/sh\nexec {RUN}\n".encode(), mode=0o755)
    system.add_process(500, ("/bin/sh", SCRIPT), cwd=DIRECTORY)
    (job,) = found(system)
    assert job.where == Place(SCRIPT, 2, "while :; do ./start.sh; sleep 60; done")
    assert [str(hop) for hop in job.link.hops] == [f"{DIRECTORY}/start.sh:2"]
    assert job.link.kind is LinkKind.RUNS_SCRIPT
    assert job.trigger == "when the process exits, 60 s later"


def test_code_in_the_command_line() -> None:
    system = machine()
    system.add_process(500, ("bash", "-c", f"while true; do {RUN}; sleep 5; done"), cwd=DIRECTORY)
    (job,) = found(system)
    assert (job.id, job.where) == ("pid 500", None)
    assert job.trigger == "when the process exits, 5 s later"


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("python3", "w.py"), "python3"),
        (("python3", "-u", f"{DIRECTORY}/w.py"), "python3"),
        (("python3", "-c", f"import os\nwhile True: os.system('{RUN}')"), "python3"),
        (("node", "w.js"), "node"),
        (("watch", "-n", "5", RUN), "watch"),
        (("ghost-guard", "watchdog.sh"), "bash"),
        (("/bin/bash", SCRIPT), "watchdog.sh"),
        (("bash", "-x", "watchdog.sh", "forever"), "bash"),
    ],
)
def test_each_way_to_run_a_loop(argv: tuple[str, ...], name: str) -> None:
    system = machine()
    system.add_file(f"{DIRECTORY}/w.py", f"import os\nwhile True:\n  os.system('{RUN}')\n".encode())
    node = f"setInterval(() => require('child_process').exec('{RUN}'), 1000)\n"
    system.add_file(f"{DIRECTORY}/w.js", node.encode())
    system.add_process(500, argv, cwd=DIRECTORY, name=name)
    assert len(found(system)) == 1


def test_a_node_script_that_hands_its_starts_on_is_named() -> None:
    system = machine()
    text = b"import { spawn } from 'node:child_process';\nkeepAlive(spawn, 'ghost');\n"
    system.add_file(f"{DIRECTORY}/w.js", text)
    system.add_file(f"{DIRECTORY}/node_modules/vite/cli.js", text)
    system.add_process(500, ("node", "w.js"), cwd=DIRECTORY, name="node")
    system.add_process(501, ("node", "node_modules/vite/cli.js"), cwd=DIRECTORY, name="node")
    reading = jobs(system, SERVICE, ProcessTree(system.processes().value))
    assert (reading.value, reading.complete) == ((), True)
    assert reading.note == (
        f"pid 500 runs {DIRECTORY}/w.js: could not follow what line 2 starts: keepAlive(spawn, 'ghost');"
    )


@pytest.mark.parametrize(
    ("argv", "cwd"),
    [
        (("vim", SCRIPT), DIRECTORY),
        (("tail", "-f", SCRIPT), DIRECTORY),
        (("bash", "./watchdog.sh"), "/srv/other"),
        (("bash", "-c", f"{RUN}"), DIRECTORY),
        (("bash", "-c", f"while true; do echo '{RUN}'; sleep 1; done"), DIRECTORY),
        (("bash", "-c", f"while true; do pkill -f {MODULE}; sleep 1; done"), DIRECTORY),
        (("bash", "-c", f"cd /srv/other; while true; do {RUN}; done"), DIRECTORY),
        (("bash", "once.sh"), DIRECTORY),
        (("bash", "deleted.sh"), DIRECTORY),
        (("-bash",), DIRECTORY),
        (("python3", "-m", "http.server"), DIRECTORY),
    ],
)
def test_what_is_no_watchdog(argv: tuple[str, ...], cwd: str) -> None:
    system = machine()
    system.add_file(f"{DIRECTORY}/once.sh", f"#!/bin/sh\n{RUN} &\n".encode())
    system.add_process(500, argv, cwd=cwd)
    assert found(system) == ()


def test_neither_ghostfix_nor_the_service_nor_the_dead_are_watchdogs() -> None:
    caller = structs.replace(default_caller(Platform.LINUX), pid=700, ancestors=(600, 1))
    system = FakeSystem(caller=caller)
    system.add_file(SCRIPT, LOOP.encode())
    loop = ("bash", SCRIPT)
    system.table[600].record = structs.replace(system.table[600].record, argv=loop, name="bash")
    system.add_process(500, loop, cwd=DIRECTORY, state=ProcessState.ZOMBIE)
    system.add_process(400, ("python3", "-m", MODULE), cwd=DIRECTORY)
    system.add_process(401, loop, ppid=400, cwd=DIRECTORY)
    assert found(system) == ()


def test_a_subshell_belongs_to_its_loop_and_two_loops_are_two_jobs() -> None:
    system = machine()
    argv = ("bash", SCRIPT)
    system.add_process(500, argv, cwd=DIRECTORY)
    system.add_process(501, argv, ppid=500, cwd=DIRECTORY)
    assert [job.id for job in found(system)] == [SCRIPT]
    system.add_process(600, argv, cwd=DIRECTORY, started=START)
    assert [job.id for job in found(system)] == [f"{SCRIPT}#500", f"{SCRIPT}#600"]


def test_a_wrapper_that_waits_for_the_loop_is_not_the_loop() -> None:
    system = machine()
    system.add_process(500, ("sh", "-c", "./watchdog.sh; echo done"), cwd=DIRECTORY)
    system.add_process(501, ("/bin/bash", "./watchdog.sh"), ppid=500, cwd=DIRECTORY)
    assert [job.processes[0].pid for job in found(system)] == [501]


def test_what_it_started_itself() -> None:
    system = machine(FOREGROUND)
    system.add_process(500, ("bash", SCRIPT), cwd=DIRECTORY, group=500)
    system.add_process(501, ("python3", "-m", MODULE), ppid=500, cwd=DIRECTORY)
    system.add_process(502, ("python3", "-m", MODULE), ppid=1, cwd=DIRECTORY, group=500)
    system.add_process(503, ("python3", "-m", MODULE), ppid=1, cwd=DIRECTORY)
    (job,) = found(system)
    assert job.starts == (501, 502)
    assert [process.pid for process in job.spared] == [501]


def test_an_instance_that_writes_to_the_loop_s_file_was_started_by_it() -> None:
    system = machine()
    system.add_process(500, ("bash", SCRIPT), cwd=DIRECTORY)
    argv = ("python3", "-m", MODULE)
    detail = ProcessDetail(cwd=DIRECTORY, open_files=(f"{DIRECTORY}/logs/g.log",))
    system.add_process(501, argv, detail=detail)
    system.add_process(502, argv, cwd=DIRECTORY)
    system.add_process(503, argv, detail=detail, started=START - 200_000)
    (job,) = found(system)
    assert job.starts == (501,)


def test_a_script_that_waits_for_an_instance_and_starts_another() -> None:
    system = machine(f"#!/bin/sh\n{RUN} || {RUN} --safe\n")
    system.add_process(500, ("sh", SCRIPT), cwd=DIRECTORY)
    assert found(system) == ()
    system.add_process(501, ("python3", "-m", MODULE), ppid=500, cwd=DIRECTORY)
    (job,) = found(system)
    assert job.trigger == "when the process exits"


def test_a_guess_becomes_certain_when_it_was_seen() -> None:
    system = machine(f"#!/bin/sh\nwhile true; do ${{PY:-python3}} -m {MODULE}; done\n")
    system.add_process(500, ("sh", SCRIPT), cwd=DIRECTORY)
    assert found(system)[0].confidence is Confidence.LIKELY
    system.add_process(501, ("python3", "-m", MODULE), ppid=500, cwd=DIRECTORY)
    assert found(system)[0].confidence is Confidence.CERTAIN


def test_a_stopped_loop_is_not_enabled() -> None:
    system = machine()
    system.add_process(500, ("bash", SCRIPT), cwd=DIRECTORY, state=ProcessState.STOPPED)
    assert [job.enabled for job in found(system)] == [False]


def test_a_script_that_cannot_be_read_is_could_not_look() -> None:
    system = machine()
    system.add_file(SCRIPT, b"", unreadable=True)
    system.add_process(500, ("bash", SCRIPT), cwd=DIRECTORY)
    reading = read(system)
    assert reading.value == ()
    assert not reading.complete
    assert reading.problem is not None
    assert SCRIPT in reading.problem


def test_another_user_s_script_that_cannot_be_read_is_only_mentioned() -> None:
    system = machine()
    system.add_file(SCRIPT, b"", unreadable=True)
    system.add_process(500, ("bash", SCRIPT), cwd=DIRECTORY, uid=system.caller().uid + 1)
    reading = read(system)
    assert reading.complete
    assert reading.problem is not None


def test_holding_yields_the_two_steps() -> None:
    system = machine()
    system.add_process(500, ("bash", SCRIPT), cwd=DIRECTORY)
    (job,) = found(system)
    held, stopped = hold(job, "rogue-restarter")
    assert isinstance(held, HoldWatchdog)
    assert isinstance(stopped, StopWatchdog)
    assert held.process.pid == stopped.process.pid == 500
    assert RESTARTER.hold is hold


# the real thing


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A service that only sleeps, and a loop that starts it in the foreground."""
    folder = tmp_path.resolve()
    (folder / "ghost_service.py").write_text("import time\ntime.sleep(600)\n")
    run = f"{sys.executable} -m ghost_service"
    text = f'#!/bin/bash\ncd "$(dirname "$0")"\nwhile true; do\n  {run}\n  sleep 0.1\ndone\n'
    (folder / "watchdog.sh").write_text(text)
    return folder


@pytest.fixture
def loop(house: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["bash", "watchdog.sh"], cwd=house, start_new_session=True) as process:
        yield process
        for number in (signal.SIGKILL, signal.SIGCONT):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)


@pytest.mark.real
def test_a_genuine_loop_is_found_held_and_released(house: Path, loop: subprocess.Popen[bytes]) -> None:
    system = local_system()
    service = Service(name="ghost", profile="test", directory=str(house), module="ghost_service")

    def instances() -> list[int]:
        return [
            each.pid
            for each in ProcessTree(system.processes().value).children(loop.pid)
            if each.argv[1:] == ("-m", "ghost_service")
        ]

    eventually(lambda: len(instances()) == 1)
    (job,) = read(system, service).value
    first = instances()[0]
    assert (job.id, job.starts) == (str(house / "watchdog.sh"), (first,))
    assert str(job.where) == f"{house}/watchdog.sh:4"
    held, stop = hold(job, "rogue-restarter")

    captured = held.capture(system)
    held.apply(system)
    assert [each.enabled for each in read(system, service).value] == [False]
    os.kill(first, signal.SIGKILL)
    eventually(lambda: first not in {each.pid for each in system.processes().value if each.alive})
    held.undo(system, captured)
    eventually(lambda: instances() not in ([], [first]))

    held.apply(system)
    second = instances()[0]
    os.kill(second, signal.SIGKILL)
    captured = stop.capture(system)
    assert f"pid {loop.pid} (bash) ended on TERM" in stop.apply(system)
    assert loop.wait(10) == -signal.SIGTERM
    assert read(system, service).value == ()

    said = stop.undo(system, captured)
    (again,) = read(system, service).value
    pid = again.processes[0].pid
    try:
        assert f"pid {pid}" in said
        assert stop.undo(system, captured).startswith("it runs again already")
        eventually(lambda: len(ProcessTree(system.processes().value).children(pid)) == 1)
    finally:
        os.killpg(pid, signal.SIGKILL)

"""A plan executed and undone on the machine at hand: genuine processes, PID files, locks, journals."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostfix.commands.machine import local_system
from ghostfix.model.errors import RepairError
from ghostfix.model.machine import ActingSystem, Signal
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, PidFileState
from ghostfix.repair import journal
from ghostfix.repair.execute import execute, undo, would_undo
from ghostfix.repair.journal_records import EntryState
from ghostfix.repair.plan import Plan
from ghostfix.repair.state_folder import lock_path
from ghostfix.service.running_instances import running_instances
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.steps.start_service import StartService
from ghostfix.steps.stop_process import StopProcess

pytestmark = pytest.mark.real

PROGRAM = """
import os, signal, socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
if os.fork() == 0:
    pass
while True:
    signal.pause()
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ActingSystem:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return local_system()


@pytest.fixture
def service(tmp_path: Path, system: ActingSystem) -> Iterator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = tmp_path / "ghost"
    folder.mkdir()
    (folder / "run.py").write_text(PROGRAM)
    (folder / "ghost.pid").write_text("4194304\n")
    found = Service(
        name="ghost",
        profile="test",
        directory=str(folder),
        script="run.py",
        start=(sys.executable, "run.py", str(port)),
        ports=(port,),
        logs=("logs/ghost.log",),
    )
    yield found
    for process in running_instances(system, found):
        StopProcess(reason="r", process=process, signal=Signal.KILL).apply(system)


def a_plan(system: ActingSystem, service: Service) -> Plan:
    path = service.path("ghost.pid")
    pidfile = PidFile(
        path=path,
        state=PidFileState.READABLE,
        pid=4194304,
        status=system.status(path).value,
        content=b"4194304\n",
    )
    return Plan((RemovePidFile(reason="r", pidfile=pidfile), StartService(reason="r", service=service)))


def test_done_and_undone(system: ActingSystem, service: Service) -> None:
    pidfile = Path(service.path("ghost.pid"))
    before = pidfile.stat()
    run = execute(system, a_plan(system, service), service)
    assert run.complete, run.entries
    (instance,) = running_instances(system, service)
    assert run.entries[1].detail == f"pid {instance.pid} runs and listens on {service.ports[0]}"
    assert not pidfile.exists()
    assert [entry.state for entry in would_undo(system, run.id)] == [EntryState.PLANNED] * 2
    assert [entry.state for entry in undo(system, run.id)] == [EntryState.UNDONE] * 2
    assert running_instances(system, service) == ()
    assert not any(listener.port == service.ports[0] for listener in system.listeners().value)
    after = pidfile.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_mode,
    )
    assert [entry.state for entry in undo(system, run.id)] == [EntryState.UNDONE] * 2


def test_what_is_written_is_private(system: ActingSystem, service: Service, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        execute(system, a_plan(system, service), service)
    finally:
        os.umask(old)
    for path in (tmp_path / "state/ghostfix").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_lock_is_the_kernels(system: ActingSystem, service: Service, tmp_path: Path) -> None:
    execute(system, Plan(()), service)
    lock = lock_path(system, service.name, service.directory)
    with (
        system.lock(lock, b"ghostfix repair by bob, pid 9, since noon"),
        pytest.raises(RepairError, match="by bob, pid 9, since noon"),
    ):
        execute(local_system(), Plan(()), service)
    assert execute(system, Plan(()), service).complete
    assert len(journal.runs(system)) == 2

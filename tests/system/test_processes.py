"""Both ways of reading processes, against genuine ones and against each other."""

import os
import signal
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path

import psutil
import pytest
from msgspec import structs

from ghostfix.managers.register import SIGNS
from ghostfix.model.machine import same_process
from ghostfix.model.process import ProcessDetail, ProcessId, ProcessState
from ghostfix.system.linux_processes import LinuxProcesses
from ghostfix.system.processes import ProcessTable, kept_variables
from ghostfix.system.psutil_processes import PsutilProcesses
from tests.system.genuine import SLEEP, running, wait_until

pytestmark = pytest.mark.real
LINUX = sys.platform == "linux"
KEPT = kept_variables(SIGNS)
TABLES: list[ProcessTable] = [PsutilProcesses(KEPT), *([LinuxProcesses(kept=KEPT)] if LINUX else [])]


@pytest.fixture(params=TABLES, ids=lambda table: type(table).__name__)
def table(request: pytest.FixtureRequest) -> ProcessTable:
    found: ProcessTable = request.param
    return found


def test_all_lists_ourselves_and_our_child_as_one_gives_them(table: ProcessTable) -> None:
    with running() as child:
        by_pid = {process.pid: process for process in table.all().value}
        for pid in (os.getpid(), child.pid):
            alone = table.one(pid)
            assert alone is not None
            assert same_process(by_pid[pid], alone)
        assert by_pid[child.pid].ppid == os.getpid()
        assert by_pid[child.pid].argv == (sys.executable, "-c", SLEEP)
        assert by_pid[child.pid].uid == os.getuid()
        assert by_pid[child.pid].session == os.getsid(0)


def test_start_time_is_psutils(table: ProcessTable) -> None:
    with running() as child:
        process = table.one(child.pid)
        assert process is not None
        # On Linux psutil takes the time of the boot in whole seconds.
        assert process.id.started == pytest.approx(psutil.Process(child.pid).create_time(), abs=1.02)
        assert process.id.started == pytest.approx(time.time(), abs=30)


def test_undecodable_arguments(table: ProcessTable) -> None:
    with running(
        [sys.executable, "-c", SLEEP, b"caf\xe9\x1b[31m".decode("utf-8", "surrogateescape")]
    ) as child:
        process = table.one(child.pid)
        assert process is not None
        assert process.argv[-1] == "caf\\xe9\x1b[31m"
        process.argv[-1].encode()


def test_states(table: ProcessTable) -> None:
    def state() -> ProcessState | None:
        process = table.one(child.pid)
        return None if process is None else process.state

    with running() as child:
        os.kill(child.pid, signal.SIGSTOP)
        wait_until(lambda: state() is ProcessState.STOPPED)
        os.kill(child.pid, signal.SIGKILL)
        wait_until(lambda: state() is ProcessState.ZOMBIE)
        zombie = table.one(child.pid)
        assert zombie is not None
        assert (zombie.alive, zombie.argv) == (False, ())
        assert table.detail(zombie) == ProcessDetail() or table.detail(zombie).cwd is None
        assert table.counts()[1] >= 1


def test_nobody(table: ProcessTable) -> None:
    for pid in (0, -1, 2**22 + 1):
        process = table.one(pid)
        assert process is None or pid == 0


def test_detail(table: ProcessTable, tmp_path: Path) -> None:
    home = os.path.realpath(tmp_path)
    code = "import time; f = open('held.txt', 'w'); print('ready', flush=True); time.sleep(60)"
    variables = {"SUPERVISOR_ENABLED": "1", "SECRET_TOKEN": "hush"}
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=home, env={**os.environ, **variables}, stdout=subprocess.PIPE
    )
    with child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            process = table.one(child.pid)
            assert process is not None
            detail = table.detail(process)
        finally:
            child.kill()
    assert (detail.cwd, detail.interpreter) == (home, sys.executable)
    assert detail.executable == os.path.realpath(sys.executable)
    assert detail.prefix == sys.prefix
    assert detail.open_files is not None
    assert f"{home}/held.txt" in detail.open_files
    assert detail.variable("SUPERVISOR_ENABLED") == "1"
    assert detail.variable("SECRET_TOKEN") is None
    assert detail.open_file_count is not None
    assert detail.open_file_count >= 4


def test_detail_of_somebody_else_is_empty(table: ProcessTable) -> None:
    process = table.one(os.getpid())
    assert process is not None
    other = structs.replace(process, birth=None, id=ProcessId(process.pid, process.id.started - 5))
    assert table.detail(other) == ProcessDetail()
    assert table.detail(structs.replace(process, uid=process.uid + 1)) == ProcessDetail()


def test_detail_of_a_program_that_changes_its_title(table: ProcessTable) -> None:
    """A worker that shows its progress has another argv at each look, and is the same."""
    process = table.one(os.getpid())
    assert process is not None
    detail = table.detail(structs.replace(process, argv=("job 17",)))
    assert detail.cwd == os.getcwd()


def test_interpreter_of_a_venv_called_by_a_relative_path(table: ProcessTable, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", symlinks=True)
    with running(["env/bin/python", "-c", SLEEP], cwd=str(tmp_path)) as child:
        wait_until(lambda: (one := table.one(child.pid)) is not None and one.argv[:1] == ("env/bin/python",))
        process = table.one(child.pid)
        assert process is not None
        detail = table.detail(process)
    assert detail.interpreter == f"{tmp_path}/env/bin/python"
    assert (detail.prefix, detail.resolved_prefix) == (f"{tmp_path}/env", os.path.realpath(f"{tmp_path}/env"))


def test_processes_that_vanish_while_they_are_read(table: ProcessTable) -> None:
    over = threading.Event()

    def churn() -> None:
        while not over.is_set():
            subprocess.run(["true"], check=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(10):
            for process in table.all().value[-5:]:
                table.detail(process)
    finally:
        over.set()
        thread.join()


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_both_ways_agree() -> None:
    one, other = (
        {process.pid: process for process in way.all().value} for way in (LinuxProcesses(), PsutilProcesses())
    )
    common = [pid for pid in one.keys() & other.keys() if one[pid].alive and other[pid].alive]
    assert os.getpid() in common
    same = [
        pid
        for pid in common
        if (one[pid].ppid, one[pid].uid, one[pid].group)
        == (other[pid].ppid, other[pid].uid, other[pid].group)
        and abs(one[pid].id.started - other[pid].id.started) <= 1.02  # psutil's boot is in whole seconds
    ]
    assert len(same) >= len(common) - 2  # processes end and start between the two looks


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_hidden_processes_are_said(tmp_path: Path) -> None:
    reading = LinuxProcesses(str(tmp_path)).all()
    assert (reading.value, reading.complete) == ((), False)
    assert "hidepid" in (reading.problem or "")


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_a_command_line_that_is_being_executed_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the old command line and the new one, the kernel shows none for an instant."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_bytes(b"7 (x) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 5000 12 0\n")
    (tmp_path / "7" / "cmdline").write_bytes(b"")
    monkeypatch.setattr(
        "ghostfix.system.linux_processes.time.sleep",
        lambda _: (tmp_path / "7" / "cmdline").write_bytes(b"python\0"),
    )
    table = LinuxProcesses(str(tmp_path))
    process = table.one(7)
    assert process is not None
    assert process.argv == ("python",)
    assert process.id.started == table.boot_time + 100 / os.sysconf("SC_CLK_TCK")
    assert process.birth is None  # this /proc has no id of the boot
    assert process.uid == os.getuid()

"""ghostfix is killed at every instant of every step: undo, and another repair, end in the right state."""

from collections import Counter
from collections.abc import Callable

import pytest

from ghostfix.model.machine import CommandAnswer, Signal
from ghostfix.model.process import ProcessState
from ghostfix.model.service import EnvironmentWanted, Service, WebhookWanted
from ghostfix.model.snapshot import HttpAnswer, PidFile, PidFileState
from ghostfix.model.step import Step
from ghostfix.repair import journal
from ghostfix.repair.execute import execute, undo
from ghostfix.repair.journal_records import EntryState, RunState
from ghostfix.repair.plan import Plan
from ghostfix.steps.create_venv import CreateVenv
from ghostfix.steps.evict_process import EvictProcess
from ghostfix.steps.install_packages import InstallPackages
from ghostfix.steps.probe_webhook import ProbeWebhook
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.steps.start_service import StartService
from ghostfix.steps.stop_process import StopProcess
from tests.fake_system import FakeProcess, FakeSystem, answered
from tests.faults.kill import Killed, killed_at

HOME = "/srv/ghost"
VENV = f"{HOME}/.venv"
PYTHON = f"{VENV}/bin/python"
PIDFILE = f"{HOME}/pids/ghost.pid"
WEBHOOK = WebhookWanted(url="http://localhost:5555/webhook", payload={"id": "probe"})
SERVICE = Service(
    name="ghost",
    profile="test",
    directory=HOME,
    module="ghost.main",
    ports=(5555,),
    environment=EnvironmentWanted(venv=".venv", requires=("psutil",)),
    webhook=WEBHOOK,
    logs=("logs/ghost.log",),
)
RUNS = (PYTHON, "-m", "ghost.main")


def a_machine() -> FakeSystem:
    """Two instances with a worker each, a stranger, a stale PID file, an innocent; a working base Python."""
    machine = FakeSystem()
    for folder in (HOME, f"{HOME}/pids"):
        machine.add_folder(folder, uid=1000)
    machine.add_process(400, ("/usr/bin/innocent", "ghost.main"), cwd=HOME)
    machine.add_file(PIDFILE, b"4711\n", modified=machine.now() - 9000)
    machine.add_program("python3")
    machine.add_programs(("/usr/bin/python3",), lambda words, _: _base_python(machine, words))
    machine.add_programs((PYTHON,), lambda words, _: _venv_python(machine, words))
    machine.on_spawn.append(lambda process: _comes_up(machine, process))
    machine.add_page(WEBHOOK.url, lambda _: HttpAnswer(url=WEBHOOK.url, status=202), method="POST")
    return machine


def _base_python(machine: FakeSystem, words: tuple[str, ...]) -> CommandAnswer:
    if words[1:3] == ("-m", "venv"):
        machine.add_file(f"{VENV}/pyvenv.cfg", b"home = /usr/bin\n", uid=1000)
        if "HALF" not in machine.variables:
            machine.add_file(PYTHON, b"works", 0o755, uid=1000)
    return answered(words)


def _venv_python(machine: FakeSystem, words: tuple[str, ...]) -> CommandAnswer:
    """The interpreter of the venv; what is installed in it are the files of its lib folder."""
    interpreter = machine.files.get(PYTHON)
    if interpreter is None or interpreter.content != b"works":
        return CommandAnswer(argv=words, status=None, problem=f"{PYTHON}: cannot be run")
    lib = f"{VENV}/lib"
    names = machine.names(lib).value
    if "pip" in words and "install" in words:
        machine.add_file(f"{lib}/dependency", b"1.0", uid=1000)
        if "HALF" not in machine.variables:
            machine.add_file(f"{lib}/psutil", b"7.0 dependency", uid=1000)
    elif "pip" in words and "uninstall" in words:
        for name in words[words.index("--") + 1 :]:
            machine.remove_path(f"{lib}/{name}")
            if "HALF" in machine.variables:
                break
    elif "-c" in words and "distributions()" in words[3]:
        text = "".join(f"{name} {machine.content(f'{lib}/{name}').decode()}\n" for name in names)
        if words[4:]:
            text = "".join(f"{name} {'works' if name in names else 'missing'}\n" for name in words[4:])
        return answered(words, stdout=text)
    elif "-c" in words:
        return answered(words, stdout=f"{VENV}\n")
    return answered(words)


def _comes_up(machine: FakeSystem, process: FakeProcess) -> None:
    machine.listen(process.pid, 5555)
    inherited = {one.name: one.value for one in process.detail.environment or ()}
    machine.add_process(
        machine.next_pid(), ("worker",), ppid=process.pid, started=machine.now(), variables=inherited
    )


def stop_plan(machine: FakeSystem) -> tuple[Step, ...]:
    if 500 not in machine.table:
        machine.add_process(500, RUNS, cwd=HOME)
        machine.add_process(501, ("worker",), ppid=500)
        machine.add_process(502, RUNS, cwd=HOME, ignores_term=True)
        machine.add_process(503, ("worker",), ppid=502, ignores_term=True)
    tree = [machine.table[pid].record for pid in (500, 501, 502, 503)]
    return (
        StopProcess(reason="r", process=tree[0], members=(tree[1],), signal=Signal.TERM, grace=1.0),
        StopProcess(reason="r", process=tree[2], members=(tree[3],), signal=Signal.TERM, grace=1.0),
    )


def evict_plan(machine: FakeSystem) -> tuple[Step, ...]:
    stranger = machine.add_process(600, ("/usr/bin/nc", "-l", "5555"), listens=(5555,)).record
    return (EvictProcess(reason="r", process=stranger, port=5555, ancestry="bash"),)


def pidfile_plan(machine: FakeSystem) -> tuple[Step, ...]:
    status = machine.status(PIDFILE).value
    pidfile = PidFile(path=PIDFILE, state=PidFileState.READABLE, pid=4711, status=status, content=b"4711\n")
    return (RemovePidFile(reason="r", pidfile=pidfile),)


def venv_plan(machine: FakeSystem) -> tuple[Step, ...]:
    broken = machine.status(VENV).value is not None
    return (CreateVenv(reason="r", path=VENV, replaces_broken=broken, python="/usr/bin/python3"),)


def broken_venv_plan(machine: FakeSystem) -> tuple[Step, ...]:
    machine.add_file(PYTHON, b"broken", 0o755, uid=1000)
    machine.add_file(f"{VENV}/mine", b"precious", uid=1000)
    return venv_plan(machine)


def packages_plan(machine: FakeSystem) -> tuple[Step, ...]:
    machine.add_file(PYTHON, b"works", 0o755, uid=1000)
    machine.add_file(f"{VENV}/lib/flask", b"3.0", uid=1000)
    return (InstallPackages(reason="r", python=PYTHON, packages=("psutil",)),)


def start_plan(machine: FakeSystem) -> tuple[Step, ...]:
    machine.add_file(PYTHON, b"works", 0o755, uid=1000)
    return (StartService(reason="r", service=SERVICE),)


def webhook_plan(machine: FakeSystem) -> tuple[Step, ...]:
    machine.add_process(700, RUNS, cwd=HOME, listens=(5555,))
    return (ProbeWebhook(reason="r", webhook=WEBHOOK),)


def whole_plan(machine: FakeSystem) -> tuple[Step, ...]:
    """Everything that a bad day needs, in its order."""
    return (
        *stop_plan(machine),
        *evict_plan(machine),
        *pidfile_plan(machine),
        *venv_plan(machine),
        InstallPackages(reason="r", python=PYTHON, packages=("psutil",)),
        StartService(reason="r", service=SERVICE),
        ProbeWebhook(reason="r", webhook=WEBHOOK),
    )


PLANS: dict[str, Callable[[FakeSystem], tuple[Step, ...]]] = {
    "stop": stop_plan,
    "evict": evict_plan,
    "pidfile": pidfile_plan,
    "venv": venv_plan,
    "broken-venv": broken_venv_plan,
    "packages": packages_plan,
    "start": start_plan,
    "webhook": webhook_plan,
    "whole": whole_plan,
}

State = tuple[dict[str, bytes], list[tuple[str, ...]], list[int]]


def state(machine: FakeSystem) -> State:
    """What a person would compare: files, who runs, which ports are taken. Not ghostfix's own, nor logs."""
    files = {
        path: file.content
        for path, file in machine.files.items()
        if not path.startswith(("/home/ghost", f"{HOME}/logs")) and ".ghostfix-" not in path
    }
    runs = sorted(one.record.argv for one in machine.table.values() if one.record.alive)
    return files, runs, sorted(socket.port for socket in machine.sockets)


def without_ended(start: State, machine: FakeSystem) -> State:
    """The start as it can be had again: a process that was stopped stays so, and so do its ports."""
    now = state(machine)
    return (
        start[0],
        sorted((Counter(start[1]) & Counter(now[1])).elements()),
        sorted((Counter(start[2]) & Counter(now[2])).elements()),
    )


def replanned(name: str, steps: tuple[Step, ...], machine: FakeSystem) -> Plan:
    """What a repair that looks again plans: a venv that is half made is a broken one by then."""
    fresh = tuple(venv_plan(machine)[0] if isinstance(step, CreateVenv) else step for step in steps)
    return Plan(fresh)


def undo_everything(machine: FakeSystem) -> None:
    """Undoes every run that began, the newest first."""
    for run in journal.runs(machine):
        assert run.state is not RunState.UNREADABLE
        entries = undo(machine, run.id)
        assert not [entry for entry in entries if entry.state is EntryState.UNDO_FAILED], entries
        stopped = [pid for pid, one in machine.table.items() if one.record.state is ProcessState.STOPPED]
        assert stopped == [], entries
        assert all(
            entry.state in (EntryState.UNDONE, EntryState.IRREVERSIBLE) for entry in undo(machine, run.id)
        )


def acts_of(name: str) -> tuple[int, int, State, State]:
    """How many acts the plan and its undoing take when nobody is killed; the start and the end."""
    machine = a_machine()
    steps = PLANS[name](machine)
    start = state(machine)
    with killed_at(machine, -1, "before") as acts:
        run = execute(machine, Plan(steps), SERVICE)
    assert run.complete, run.entries
    end = state(machine)
    with killed_at(machine, -1, "before") as undo_acts:
        undo(machine, run.id)
    assert state(machine) == without_ended(start, machine)
    return len(acts), len(undo_acts), start, end


@pytest.mark.parametrize("how", ["before", "in", "after"])
@pytest.mark.parametrize("name", PLANS)
def test_killed_while_it_repairs(name: str, how: str) -> None:
    count, _, start, end = acts_of(name)
    for instant in range(count):
        for undo_first in (True, False):
            machine = a_machine()
            steps = PLANS[name](machine)
            with killed_at(machine, instant, how), pytest.raises(Killed):
                execute(machine, Plan(steps), SERVICE)
            if undo_first:
                undo_everything(machine)
                assert state(machine) == without_ended(start, machine), f"undo after {instant}"
            run = execute(machine, replanned(name, steps, machine), SERVICE)
            assert run.complete, (instant, run.entries)
            assert state(machine) == end, f"repair after {instant}"
            undo_everything(machine)
            assert state(machine) == without_ended(start, machine), f"undo of both after {instant}"


@pytest.mark.parametrize("how", ["before", "in", "after"])
@pytest.mark.parametrize("name", PLANS)
def test_killed_while_it_undoes(name: str, how: str) -> None:
    _, count, start, _ = acts_of(name)
    for instant in range(count):
        machine = a_machine()
        run = execute(machine, Plan(PLANS[name](machine)), SERVICE)
        with killed_at(machine, instant, how), pytest.raises(Killed):
            undo(machine, run.id)
        undo_everything(machine)
        assert state(machine) == without_ended(start, machine), f"after {instant}"


@pytest.mark.parametrize("name", PLANS)
def test_executed_twice_is_executed_once(name: str) -> None:
    _, _, start, end = acts_of(name)
    machine = a_machine()
    steps = PLANS[name](machine)
    execute(machine, Plan(steps), SERVICE)
    again = execute(machine, Plan(steps), SERVICE)
    assert again.complete, again.entries
    assert state(machine) == end
    undo_everything(machine)
    assert state(machine) == without_ended(start, machine)


def test_the_innocent_lives() -> None:
    machine = a_machine()
    execute(machine, Plan(whole_plan(machine)), SERVICE)
    assert 400 in machine.table
    signalled = {act.subject for act in machine.acts if act.act == "signal"}
    assert signalled == {"500", "501", "502", "503", "600"}

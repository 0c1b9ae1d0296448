"""ghostfix is killed at every instant of holding and ending a restarter: nothing of it is lost.

The other kinds of steps have their turn in ``test_faults``.
"""

import hashlib
import plistlib
from collections.abc import Callable

import pytest

from ghostfix import journal
from ghostfix.execute import execute, undo
from ghostfix.machine import Platform
from ghostfix.managers.tab import Tab
from ghostfix.plan import Plan
from ghostfix.process import ProcessState
from ghostfix.runs.story import EntryState
from ghostfix.step import Step
from ghostfix.steps.hold_cron_line import HoldCronLine
from ghostfix.steps.hold_launchd_job import HoldLaunchdJob
from ghostfix.steps.hold_watchdog import HoldWatchdog
from ghostfix.steps.stop_process import StopProcess
from ghostfix.steps.stop_watchdog import StopWatchdog
from tests.fake_launchctl import FakeJob, FakeLaunchctl
from tests.fake_system import FakeCrontab, FakeSystem
from tests.test_faults import SERVICE, Killed, killed_at

HOUSE = "/srv/ghost"
LOOP = ("bash", "watchdog.sh")
CRONTAB = b'FOO = "a  b"\n*/5\t* * * *  /srv/start.sh % \xff \r\n0 0 * * 7 x\n* * * * *   y\n'
LABEL = "com.example.ghost"
PLIST = "/Users/ghost/Library/LaunchAgents/com.example.ghost.plist"


class Scene:
    """A machine, what is to be done on it, and what must be there again after an undo."""

    def __init__(self, machine: FakeSystem, steps: tuple[Step, ...], state: Callable[[], object]) -> None:
        self.machine = machine
        self.steps = steps
        self.state = state


def cron() -> Scene:
    machine = FakeSystem()
    user = machine.caller().user
    tabs = FakeCrontab(machine, {user: CRONTAB})
    lines = CRONTAB.split(b"\n")
    steps = tuple(
        HoldCronLine(reason="r", tab=Tab(user=user), line=number, source=lines[number - 1] + b"\n")
        for number in (2, 4)
    )
    return Scene(machine, steps, lambda: tabs.tabs[user])


def cron_file() -> Scene:
    machine = FakeSystem()
    path = "/etc/cron.d/ghost"
    content = b"SHELL=/bin/sh\n*/5 * * * * ghost /srv/start.sh\n"
    machine.add_file(path, content, uid=machine.caller().uid)
    step = HoldCronLine(reason="r", tab=Tab(path=path), line=2, source=content.split(b"\n")[1] + b"\n")
    return Scene(machine, (step,), lambda: (machine.content(path), machine.names("/etc/cron.d").value))


def launchd() -> Scene:
    machine = FakeSystem(Platform.MACOS)
    arguments = ["/srv/ghost/run", "--serve"]
    content = plistlib.dumps({"Label": LABEL, "ProgramArguments": arguments, "KeepAlive": True})
    machine.add_file(PLIST, content)
    launchctl = FakeLaunchctl(system=machine)
    launchctl.load("gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=tuple(arguments)))
    step = HoldLaunchdJob(
        reason="r",
        label=LABEL,
        domain="gui/501",
        plist=PLIST,
        digest=hashlib.sha256(content).hexdigest(),
    )

    def state() -> object:
        enabled = not launchctl.flags.get(("gui/501", LABEL), False)
        return sorted(launchctl.jobs), enabled, len(machine.running("--serve"))

    return Scene(machine, (step,), state)


def watchdog() -> Scene:
    machine = FakeSystem()
    machine.add_program("bash")
    machine.add_folder(HOUSE, uid=1000)
    machine.add_process(500, LOOP, cwd=HOUSE)
    machine.add_process(501, ("sleep", "5"), ppid=500, cwd=HOUSE)
    machine.add_process(502, ("python3", "-m", "ghost"), ppid=500, cwd=HOUSE)
    machine.add_process(503, LOOP, cwd="/srv/another")
    loop, service = machine.table[500].record, machine.table[502].record
    steps = (
        HoldWatchdog(reason="r", process=loop, spared=(service,)),
        StopProcess(reason="r", process=service, grace=1.0),
        StopWatchdog(reason="r", process=loop, spared=(service,), grace=1.0),
    )

    def state() -> object:
        """The loops, each where it was, and none of them stopped."""
        loops = machine.running(*LOOP)
        stopped = [each.record.state is ProcessState.STOPPED for each in machine.table.values()]
        return sorted(str(machine.cwd(loop)) for loop in loops), any(stopped)

    return Scene(machine, steps, state)


SCENES: dict[str, Callable[[], Scene]] = {
    "cron": cron,
    "cron-file": cron_file,
    "launchd": launchd,
    "watchdog": watchdog,
}


def undo_everything(machine: FakeSystem) -> None:
    for run in journal.runs(machine):
        entries = undo(machine, run.id)
        assert all(entry.state in (EntryState.UNDONE, EntryState.IRREVERSIBLE) for entry in entries), entries


def acts_of(name: str) -> tuple[int, int, object, object]:
    """How many acts the plan and its undoing take; the start and the end."""
    scene = SCENES[name]()
    start = scene.state()
    with killed_at(scene.machine, -1, "before") as acts:
        run = execute(scene.machine, Plan(scene.steps), SERVICE)
    assert run.complete, run.entries
    end = scene.state()
    assert end != start
    with killed_at(scene.machine, -1, "before") as undo_acts:
        undo(scene.machine, run.id)
    assert scene.state() == start
    return len(acts), len(undo_acts), start, end


@pytest.mark.parametrize("how", ["before", "in", "after"])
@pytest.mark.parametrize("name", SCENES)
def test_killed_while_it_repairs(name: str, how: str) -> None:
    count, _, start, end = acts_of(name)
    for instant in range(count):
        for undo_first in (True, False):
            scene = SCENES[name]()
            with killed_at(scene.machine, instant, how), pytest.raises(Killed):
                execute(scene.machine, Plan(scene.steps), SERVICE)
            steps = scene.steps
            if undo_first:
                undo_everything(scene.machine)
                assert scene.state() == start, f"undo after {instant}"
                steps = looked_again(scene)
            run = execute(scene.machine, Plan(steps), SERVICE)
            assert run.complete, (instant, run.entries)
            assert scene.state() == end, f"repair after {instant}"
            undo_everything(scene.machine)
            assert scene.state() == start, f"undo of both after {instant}"


@pytest.mark.parametrize("how", ["before", "in", "after"])
@pytest.mark.parametrize("name", SCENES)
def test_killed_while_it_undoes(name: str, how: str) -> None:
    _, count, start, _ = acts_of(name)
    for instant in range(count):
        scene = SCENES[name]()
        run = execute(scene.machine, Plan(scene.steps), SERVICE)
        with killed_at(scene.machine, instant, how), pytest.raises(Killed):
            undo(scene.machine, run.id)
        undo_everything(scene.machine)
        assert scene.state() == start, f"after {instant}"


@pytest.mark.parametrize("name", SCENES)
def test_executed_twice_is_executed_once(name: str) -> None:
    _, _, start, end = acts_of(name)
    scene = SCENES[name]()
    execute(scene.machine, Plan(scene.steps), SERVICE)
    again = execute(scene.machine, Plan(scene.steps), SERVICE)
    assert again.complete, again.entries
    assert scene.state() == end
    undo_everything(scene.machine)
    assert scene.state() == start


def looked_again(scene: Scene) -> tuple[Step, ...]:
    """The plan of a repair that looks again: a loop that was started again has another PID."""
    loop = next((one for one in scene.steps if isinstance(one, HoldWatchdog)), None)
    if loop is None or loop.process.pid in scene.machine.table:
        return scene.steps
    (process,) = [one for one in scene.machine.running(*LOOP) if scene.machine.cwd(one) == HOUSE]
    return (
        HoldWatchdog(reason="r", process=process),
        StopWatchdog(reason="r", process=process, grace=1.0),
    )

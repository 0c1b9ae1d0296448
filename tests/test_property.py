"""What holds on every machine: an undo ends where the repair began, a repair done twice is done once.

The machines are made up: instances with trees, strangers, PID files, crontab lines, loops, a venv; some of
it is taken away, exchanged or given to somebody else between plan and step.
"""

from collections import Counter
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.process import Process, ProcessState
from ghostfix.model.snapshot import PidFile, PidFileState
from ghostfix.model.step import Step
from ghostfix.repair.execute import execute, pin_processes, undo
from ghostfix.repair.journal_records import EntryState
from ghostfix.repair.plan import Plan
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.steps.start_service import StartService
from ghostfix.steps.stop_process import StopProcess
from tests.fake_system import FakeCrontab, FakeSystem
from tests.faults.test_faults import HOME, PYTHON, RUNS, SERVICE, a_machine

LOOP = ("bash", "watchdog.sh")


@dataclass(frozen=True)
class House:
    """One made-up machine, as numbers and flags."""

    workers: tuple[int, ...]
    """Of each instance, how many workers it has."""
    stubborn: tuple[bool, ...]
    pidfiles: tuple[bytes, ...]
    cron: tuple[bytes, ...]
    held: tuple[bool, ...]
    loop: bool
    strangers: int
    disturbances: tuple[str, ...] = ()


HOUSES = st.builds(
    House,
    workers=st.lists(st.integers(0, 3), max_size=3).map(tuple),
    stubborn=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    pidfiles=st.lists(st.sampled_from([b"4711\n", b"", b"not a pid", b"400\nmore\n"]), max_size=3).map(tuple),
    cron=st.lists(
        st.sampled_from([b"* * * * * x\n", b"*/5\t* * *  * \xff % y\r\n", b'A = "b"\n', b"# note\n", b"\n"]),
        max_size=5,
    ).map(tuple),
    held=st.tuples(*[st.booleans()] * 5),
    loop=st.booleans(),
    strangers=st.integers(0, 2),
)
DISTURBED = st.builds(
    lambda house, disturbances: House(**{**vars(house), "disturbances": tuple(disturbances)}),
    HOUSES,
    st.lists(st.sampled_from(["end", "reuse", "rewrite", "cron", "port"]), min_size=1, max_size=3),
)


def build(house: House) -> tuple[FakeSystem, FakeCrontab, tuple[Step, ...]]:
    machine = a_machine()
    machine.add_program("bash")
    (comes_up,) = machine.on_spawn
    machine.on_spawn[:] = [lambda process: comes_up(process) if process.record.argv == RUNS else None]
    machine.add_file(PYTHON, b"works", 0o755, uid=1000)
    machine.add_process(401, LOOP, cwd="/srv/another")
    for number in range(house.strangers):
        machine.add_process(410 + number, ("/usr/bin/stranger", str(number)), cwd=HOME)
    crontab = FakeCrontab(machine, {"ghost": b"".join(house.cron)})
    steps: list[Step] = [
        HoldCronLine(reason="r", tab=CrontabFile(user="ghost"), line=number, source=line)
        for number, (line, hold) in enumerate(zip(house.cron, house.held, strict=False), 1)
        if hold
    ]
    loop = machine.add_process(450, LOOP, cwd=HOME).record if house.loop else None
    steps += [] if loop is None else [HoldWatchdog(reason="r", process=loop)]
    for number, workers in enumerate(house.workers):
        steps.append(instance(machine, 500 + 10 * number, workers, stubborn=house.stubborn[number]))
    steps += [] if loop is None else [StopWatchdog(reason="r", process=loop, grace=1.0)]
    steps += [pidfile(machine, number, content) for number, content in enumerate(house.pidfiles)]
    return machine, crontab, (*steps, StartService(reason="r", service=SERVICE))


def instance(machine: FakeSystem, pid: int, workers: int, *, stubborn: bool) -> StopProcess:
    root = machine.add_process(pid, RUNS, cwd=HOME, ignores_term=stubborn).record
    below = [
        machine.add_process(pid + 1 + number, ("worker",), ppid=pid, ignores_term=stubborn).record
        for number in range(workers)
    ]
    return StopProcess(reason="r", process=root, members=tuple(below), grace=1.0)


def pidfile(machine: FakeSystem, number: int, content: bytes) -> RemovePidFile:
    path = f"{HOME}/pids/{number}.pid"
    machine.add_file(path, content, modified=machine.now() - 9000)
    status = machine.status(path).value
    pid = int(content.split()[0]) if content[:1].isdigit() else None
    record = PidFile(path=path, state=PidFileState.READABLE, pid=pid, status=status, content=content)
    return RemovePidFile(reason="r", pidfile=record, service=SERVICE)


State = tuple[dict[str, bytes], bytes, Counter[tuple[str, ...]], bool]


def state(machine: FakeSystem, crontab: FakeCrontab) -> State:
    """Files, crontab, who runs, and whether anybody is stopped."""
    files = {
        path: file.content
        for path, file in machine.files.items()
        if not path.startswith(("/home/ghost", f"{HOME}/logs"))
    }
    alive = [one.record for one in machine.table.values() if one.record.alive]
    stopped = any(one.state is ProcessState.STOPPED for one in alive)
    return files, crontab.tabs["ghost"], Counter(one.argv for one in alive), stopped


def stopped_for_good(steps: tuple[Step, ...]) -> Counter[tuple[str, ...]]:
    stops = [step for step in steps if isinstance(step, StopProcess)]
    return Counter(process.argv for step in stops for process in (step.process, *step.members))


def touched(machine: FakeSystem) -> set[int]:
    return {int(act.subject) for act in machine.acts if act.act == "signal"}


def meant(steps: tuple[Step, ...]) -> set[int]:
    return {process.pid for step in steps for process in step.pins()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOUSES)
def test_what_is_undone_is_as_it_was(house: House) -> None:
    machine, crontab, steps = build(house)
    start = state(machine, crontab)
    run = execute(machine, Plan(steps), SERVICE)
    assert run.complete, run.entries
    assert touched(machine) <= meant(steps)
    entries = undo(machine, run.id)
    assert all(entry.state in (EntryState.UNDONE, EntryState.IRREVERSIBLE) for entry in entries), entries
    files, tab, runs, stopped = state(machine, crontab)
    assert (files, tab, stopped) == (start[0], start[1], start[3])
    assert runs == start[2] - stopped_for_good(steps)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOUSES)
def test_twice_is_once(house: House) -> None:
    machine, crontab, steps = build(house)
    assert execute(machine, Plan(steps), SERVICE).complete
    once = state(machine, crontab)
    again = execute(machine, Plan(steps), SERVICE)
    assert again.complete, again.entries
    assert {entry.state for entry in again.entries} <= {EntryState.UNNEEDED}
    assert state(machine, crontab) == once


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DISTURBED)
def test_nobody_outside_the_plan_is_touched(house: House) -> None:
    machine, crontab, steps = build(house)
    pin_processes(machine, Plan(steps))
    strangers = disturb(machine, crontab, house)
    before = {process.pid for process in strangers}
    edited = crontab.tabs["ghost"] if "cron" in house.disturbances else None
    run = execute(machine, Plan(steps), SERVICE)
    assert touched(machine) <= meant(steps) - before
    assert before <= set(machine.table)
    assert {400, 401} <= set(machine.table)
    for number in range(len(house.pidfiles) if "rewrite" in house.disturbances else 0):
        assert machine.content(f"{HOME}/pids/{number}.pid") == b"4712\n"
    assert edited is None or crontab.tabs["ghost"] == edited
    assert all(entry.detail for entry in run.entries if entry.state is EntryState.REFUSED)
    undo(machine, run.id)
    assert before <= set(machine.table)
    assert edited is None or crontab.tabs["ghost"] == edited


def disturb(machine: FakeSystem, crontab: FakeCrontab, house: House) -> list[Process]:
    """Changes the machine between plan and step, and gives the processes that are innocent by now."""
    innocent: list[Process] = []
    roots = [500 + 10 * number for number in range(len(house.workers))]
    for disturbance in house.disturbances:
        living = [pid for pid in roots if pid in machine.table and machine.table[pid].record not in innocent]
        if disturbance == "end" and living:
            machine.end(living[0])
        elif disturbance == "reuse" and living:
            # The same PID, start time and command line: nothing but the pin tells them apart.
            double = machine.reuse(living[-1], RUNS)
            child = machine.add_process(machine.next_pid(), ("child",), ppid=double.pid)
            innocent += [double.record, child.record]
        elif disturbance == "rewrite":
            for number in range(len(house.pidfiles)):
                path = f"{HOME}/pids/{number}.pid"
                machine.remove_path(path)
                machine.add_file(path, b"4712\n", modified=machine.now())
        elif disturbance == "cron":
            lines = crontab.tabs["ghost"].splitlines(keepends=True)
            crontab.tabs["ghost"] = b"".join(b"#edited " + line for line in lines)
        elif disturbance == "port" and 460 not in machine.table:
            innocent.append(machine.add_process(460, ("/usr/bin/nc",), listens=(5555,)).record)
    return innocent

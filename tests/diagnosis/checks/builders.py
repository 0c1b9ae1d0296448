"""Small builders of snapshots: a healthy ghost runner, and whatever a test changes about it."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from ghostfix.model.finding import Check, Finding
from ghostfix.model.job import Job, JobsOfKind, Link, LinkKind, Place
from ghostfix.model.process import Listener, Process, ProcessDetail, ProcessId, ProcessState, Variable
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import EnvironmentWanted, HealthWanted, Limits, Service, WebhookWanted
from ghostfix.model.snapshot import WEBHOOK_NOT_SENT as NOT_SENT
from ghostfix.model.snapshot import (
    Environment,
    Expectation,
    FileKind,
    FileStatus,
    HealthAnswer,
    Host,
    HttpAnswer,
    LogExcerpt,
    LoggedError,
    PidFile,
    PidFileState,
    PythonOnPath,
    Resources,
    Snapshot,
    Venv,
    VenvState,
)

NOW = 1_800_000_000.0
HOME = "/srv/ghost"
VENV = f"{HOME}/.venv"
LOG = f"{HOME}/logs/ghost.log"
PIDFILE = f"{HOME}/pids/ghost.pid"
MODULE = "gpt_cursor_runner.main"
HEALTH = "http://localhost:5555/health"
SPAWNED = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"


def ghost_service(**changes: object) -> Service:
    service = Service(
        name="ghost",
        profile="ghostfix.toml",
        directory=HOME,
        module=MODULE,
        ports=(5555,),
        pidfiles=("pids/*.pid",),
        logs=("logs/ghost.log",),
        environment=EnvironmentWanted(venv=".venv", requires=("psutil",)),
        health=HealthWanted(url=HEALTH, expect={"components.ghost_runner": "up"}),
        webhook=WebhookWanted(url="http://localhost:5555/webhook"),
        limits=Limits(processes=300, zombies=10, load_per_cpu=2.0, memory_percent=90, disk_percent=90),
    )
    return structs.replace(service, **changes)


def process(
    pid: int,
    *argv: str,
    ppid: int = 1,
    age: float = 600,
    name: str = "",
    uid: int = 1000,
    state: ProcessState = ProcessState.SLEEPING,
    group: int | None = None,
    detail: ProcessDetail | None = None,
    memory: int = 0,
) -> Process:
    return Process(
        id=ProcessId(pid, NOW - age),
        ppid=ppid,
        name=name or (argv[0].rpartition("/")[2] if argv else "?"),
        argv=argv,
        uid=uid,
        user="alice",
        state=state,
        group=pid if group is None else group,
        session=pid,
        memory_bytes=memory,
        detail=detail,
    )


def detail(prefix: str | None = VENV, cwd: str = HOME, **changes: object) -> ProcessDetail:
    interpreter = None if prefix is None else f"{prefix}/bin/python"
    made = ProcessDetail(cwd=cwd, prefix=prefix, interpreter=interpreter)
    return structs.replace(made, **changes)


def runner(
    pid: int, *, ppid: int = 1, age: float = 600, prefix: str | None = VENV, cwd: str = HOME, **more: object
) -> Process:
    """A process of the service, started from the venv with this prefix."""
    looked_into = detail(prefix, cwd)
    known = {name: more.pop(name) for name in ("task_limit", "group_tasks") if name in more}
    seen = structs.replace(looked_into, **known) if looked_into is not None else None
    made = process(pid, f"{prefix}/bin/python", "-m", MODULE, ppid=ppid, age=age, detail=seen)
    return structs.replace(made, **more)


def worker(pid: int, *, ppid: int = 1, prefix: str = VENV, cwd: str = HOME, age: float = 500) -> Process:
    """A worker as multiprocessing spawns it."""
    argv = (f"{prefix}/bin/python", "-c", SPAWNED, "--multiprocessing-fork")
    return process(pid, *argv, ppid=ppid, age=age, detail=detail(prefix, cwd))


def zombies(count: int, ppid: int, first: int = 5000) -> tuple[Process, ...]:
    return tuple(
        process(first + number, ppid=ppid, name="sh", state=ProcessState.ZOMBIE) for number in range(count)
    )


def marked(one: Process, **variables: str) -> Process:
    """The same process with these variables in its environment."""
    assert one.detail is not None
    environment = tuple(Variable(name, value) for name, value in variables.items())
    return structs.replace(one, detail=structs.replace(one.detail, environment=environment))


def listener(
    port: int, *owners: int, address: str = "127.0.0.1", inode: int = 0, uid: int = 1000
) -> Listener:
    return Listener(address=address, port=port, owners=owners, inode=inode, uid=uid)


def pidfile(
    pid: int | None,
    *,
    path: str = PIDFILE,
    age: float = 590,
    state: PidFileState = PidFileState.READABLE,
    content: bytes | None = None,
    locked: bool | None = False,
) -> PidFile:
    text = (b"" if pid is None else f"{pid}\n".encode()) if content is None else content
    status = FileStatus(
        kind=FileKind.REGULAR,
        device=1,
        inode=77,
        size=len(text),
        mode=0o644,
        uid=1000,
        gid=1000,
        modified=NOW - age,
    )
    return PidFile(path=path, state=state, pid=pid, status=status, content=text, locked=locked)


def cron_job(
    name: str = "alice:7",
    *,
    line: int = 7,
    hops: Sequence[Place] = (),
    trigger: str = "every 5 minutes",
    **changes: object,
) -> Job:
    job = Job(
        kind="cron",
        id=name,
        where=Place("crontab of alice", line, "*/5 * * * * /srv/ghost/watchdog.sh"),
        command="/srv/ghost/watchdog.sh",
        trigger=trigger,
        enabled=True,
        restarts_on_exit=False,
        link=Link(LinkKind.RUNS_SCRIPT if hops else LinkKind.RUNS, tuple(hops)),
        confidence=Confidence.CERTAIN,
    )
    return structs.replace(job, **changes)


def watchdog_job(script: str = f"{HOME}/watchdog.sh", *, pids: Sequence[int] = (), **changes: object) -> Job:
    job = Job(
        kind="watchdog",
        id=script,
        where=Place(script, 210, "while true; do"),
        command=f"bash {script}",
        trigger="when the process exits",
        enabled=True,
        restarts_on_exit=True,
        link=Link(LinkKind.RUNS, (Place(script, 214, f"python -m {MODULE}"),)),
        confidence=Confidence.CERTAIN,
        processes=tuple(ProcessId(pid, NOW - 900) for pid in pids),
        live=tuple(process(pid, "bash", script, age=900) for pid in pids),
    )
    return structs.replace(job, **changes)


def unit_job(name: str = "ghost.service", **changes: object) -> Job:
    job = Job(
        kind="systemd",
        id=name,
        where=Place(f"/etc/systemd/system/{name}", 5),
        command=f"{VENV}/bin/python -m {MODULE}",
        trigger="when the process exits",
        enabled=True,
        restarts_on_exit=True,
        link=Link(LinkKind.RUNS),
        confidence=Confidence.CERTAIN,
        scope="system",
    )
    return structs.replace(job, **changes)


def error(
    exception: str = "ValueError",
    message: str = "bad",
    *,
    count: int = 1,
    last: float | None = 30,
    **more: object,
) -> LoggedError:
    """An exception that was last logged ``last`` seconds before the look; None: the log has no times."""
    made = LoggedError(
        exception=exception,
        message=message,
        count=count,
        first_line=1,
        last_line=count,
        last_at=None if last is None else NOW - last,
    )
    return structs.replace(made, **more)


NONE_COMPARED = "'>' not supported between instances of 'NoneType' and 'int'"


def log(*errors: LoggedError, path: str = LOG, age: float = 5) -> LogExcerpt:
    return LogExcerpt(path=path, size=10_000, modified=NOW - age, read_from=0, errors=errors)


def ending_with(last: LoggedError, *errors: LoggedError, path: str = LOG, age: float = 5) -> LogExcerpt:
    """A log whose last record this error is, after others."""
    words = f"{last.exception}: {last.message}" if last.exception else last.message
    return structs.replace(log(*errors, last, path=path, age=age), ending=last, last_lines=(words,))


def venv(state: VenvState = VenvState.WORKS, **changes: object) -> Venv:
    made = Venv(path=VENV, state=state, python=f"{VENV}/bin/python", version="3.12.4")
    return structs.replace(made, **changes)


def answered(status: int = 200, actual: str | None = '"up"', summary: str | None = "ok") -> HealthAnswer:
    return HealthAnswer(
        answer=HttpAnswer(url=HEALTH, status=status, body="{}", elapsed=0.1),
        expectations=(Expectation("components.ghost_runner", '"up"', actual),),
        summary=summary,
    )


def refused(problem: str = "connection refused") -> HealthAnswer:
    return HealthAnswer(answer=HttpAnswer(url=HEALTH, problem=problem))


def resources(**changes: object) -> Resources:
    made = Resources(
        cpu_load=0.5,
        cpu_count=2,
        memory_percent=40.6,
        swap_percent=0.0,
        disk_percent=0.56,
        process_count=120,
        zombie_count=0,
        user_process_count=40,
        user_process_limit=None,
        net=None,
    )
    return structs.replace(made, **changes)


def machine(
    *processes: Process,
    listeners: Sequence[Listener] | None = None,
    pidfiles: Sequence[PidFile] = (),
    jobs: Sequence[Job] = (),
    logs: Sequence[LogExcerpt] = (),
    health: HealthAnswer | None = None,
    venv_: Venv | None = None,
    pythons: Mapping[str, str] | None = None,
    resources_: Resources | None = None,
    webhook: HttpAnswer | None = None,
    complete: bool = True,
) -> Snapshot:
    """A machine with PID 1 and these processes; the first of them listens on 5555 unless told otherwise."""
    init = process(1, "/sbin/init", ppid=0, age=90_000, uid=0)
    if listeners is None:
        listeners = [listener(5555, processes[0].pid)] if processes else []
    environment = Environment(
        venv=venv() if venv_ is None else venv_,
        pythons=tuple(PythonOnPath(path, resolved) for path, resolved in (pythons or {}).items()),
    )
    problem = None if complete else "not permitted"
    return Snapshot(
        taken_at=NOW,
        host=Host(
            hostname="box", platform="linux", python="3.12", boot_time=NOW - 90_000, user="alice", uid=1000
        ),
        own_pids=(9000, 9001),
        processes=Reading((init, *processes), problem, complete),
        listeners=Reading(tuple(listeners)),
        pidfiles=Reading(tuple(pidfiles)),
        environment=Reading(environment),
        resources=Reading(resources() if resources_ is None else resources_),
        logs=Reading(tuple(logs)),
        health=Reading(answered() if health is None else health),
        webhook=NOT_SENT if webhook is None else Reading(webhook),
        restarters=tuple(
            JobsOfKind(kind, Reading(tuple(job for job in jobs if job.kind == kind)))
            for kind in ("cron", "systemd", "launchd", "watchdog", "supervisord", "pm2", "runit")
        ),
    )


def only(check: Check, snapshot: Snapshot, service: Service | None = None) -> Finding:
    """The single finding of a check; fails when there is none or more than one."""
    (finding,) = check.find(snapshot, service or ghost_service())
    assert finding.code == check.code
    return finding


def kinds(check: Check, finding: Finding, snapshot: Snapshot, service: Service | None = None) -> list[str]:
    """The kinds of the steps that repair a finding, in the order in which they would be done."""
    steps = check.repair(finding, snapshot, service or ghost_service())
    return [step.kind for step in sorted(steps, key=lambda step: step.phase)]

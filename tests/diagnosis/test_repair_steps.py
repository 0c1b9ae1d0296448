from msgspec import structs

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.judgement import judge
from ghostfix.diagnosis.repair_steps import restart_managed
from ghostfix.managers.systemd.restart_unit import RestartUnit
from ghostfix.model.finding import Severity
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, Snapshot
from ghostfix.model.step import Phase
from ghostfix.repair.plan import Choices, Plan, make_plan
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.steps.stop_process import StopProcess
from tests.diagnosis.checks.builders import (
    NONE_COMPARED,
    NOW,
    answered,
    cron_job,
    error,
    ghost_service,
    kinds,
    listener,
    log,
    machine,
    only,
    pidfile,
    process,
    refused,
    resources,
    runner,
    unit_job,
    venv,
    watchdog_job,
    zombies,
)


def incident() -> Snapshot:
    """All of it at once: ghosts, their restarters, a stranger, bad PID files, a bad environment."""
    loop = process(50, "bash", "/srv/ghost/watchdog.sh")
    return machine(
        runner(100, ppid=50, prefix="/usr"),
        runner(101, ppid=50, prefix="/usr"),
        runner(102, prefix="/usr"),
        loop,
        process(300, "nc", "-l", "5555"),
        process(400, "sshd", age=60),
        *zombies(31, ppid=100),
        listeners=[listener(5555, 100), listener(5555, 300, address="::1")],
        pidfiles=[pidfile(4711), pidfile(400, path="/srv/ghost/pids/old.pid")],
        jobs=[cron_job(), watchdog_job(pids=[50])],
        logs=[log(error("TypeError", NONE_COMPARED, count=88))],
        health=answered(actual='"down"', summary="degraded"),
        venv_=venv(missing=("psutil",)),
        resources_=resources(process_count=1252, zombie_count=31, cpu_load=7.02),
    )


def plan_of(snapshot: Snapshot, service: Service) -> Plan:
    return make_plan(judge(snapshot, service), CHECKS, snapshot, service, Choices(evict=True))


def errors_of(snapshot: Snapshot, service: Service) -> list[str]:
    return [
        finding.code
        for result in judge(snapshot, service)
        for finding in result.findings
        if finding.severity is Severity.ERROR
    ]


def repaired(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The machine as the plan leaves it, half a minute later; whatever is not in the plan is as it was."""
    gone = {each.pid for step in plan.steps for each in step.pins()}
    stops = [step for step in plan.steps if isinstance(step, StopProcess)]
    stopped = {each.pid for step in stops for each in (step.process, *step.members)}
    removed: list[PidFile] = [step.pidfile for step in plan.steps if isinstance(step, RemovePidFile)]
    started = any(step.phase is Phase.START for step in plan.steps)
    left = [
        each
        for each in snapshot.processes.value
        if each.pid not in gone | stopped and each.ppid not in stopped
    ]
    new = [runner(900, age=-1)] if started else []
    sockets = [listener(5555, 900)] if started else []
    return structs.replace(
        machine(
            *new,
            *(each for each in left if each.pid > 1),
            listeners=[
                *sockets,
                *(row for row in snapshot.listeners.value if not set(row.owners) & (gone | stopped)),
            ],
            pidfiles=[file for file in snapshot.pidfiles.value if file not in removed],
            jobs=[structs.replace(job, enabled=False) for job in snapshot.jobs],
            logs=snapshot.logs.value,
        ),
        taken_at=NOW + 30,
    )


def test_the_incident_is_repaired_in_an_order_that_holds() -> None:
    plan = plan_of(incident(), ghost_service())
    phases = [step.phase for step in plan.steps]
    assert phases == sorted(phases)
    stops = [step for step in plan.steps if isinstance(step, StopProcess)]
    assert [step.process.pid for step in stops] == [100, 101, 102]
    assert [step.kind for step in plan.steps].count("start-service") == 1
    assert [step.kind for step in plan.steps].count("install-packages") == 1
    assert len({repr(structs.replace(step, reason="")) for step in plan.steps}) == len(plan.steps)


def test_after_the_repair_nothing_is_found_and_nothing_is_to_do() -> None:
    service = ghost_service()
    after = repaired(incident(), plan_of(incident(), service))
    assert errors_of(after, service) == []
    assert plan_of(after, service).steps == ()


def test_a_keeper_stays_through_the_repair() -> None:
    service = ghost_service()
    before = machine(
        runner(100),
        runner(101),
        jobs=[cron_job()],
        pidfiles=[pidfile(101)],
        logs=[log(error("OSError", "[Errno 98] Address already in use", count=9))],
    )
    plan = plan_of(before, service)
    acts = [step.kind for step in plan.steps if step.phase is not Phase.HOLD]
    assert acts == ["stop-process", "remove-pidfile"]
    assert errors_of(repaired(before, plan), service) == []


def test_loops_end_after_the_instances_that_they_would_orphan() -> None:
    order = [(step.kind, step.phase) for step in plan_of(incident(), ghost_service()).steps]
    last_instance = max(at for at, (kind, _) in enumerate(order) if kind == "stop-process")
    ends = [at for at, (kind, _) in enumerate(order) if kind == "stop-watchdog"]
    assert ends
    assert min(ends) > last_instance


def test_every_single_repair_holds_the_restarters_too() -> None:
    snapshot = incident()
    for check in CHECKS:
        for finding in check.find(snapshot, ghost_service()):
            done = kinds(check, finding, snapshot)
            if "stop-process" in done or "start-service" in done:
                assert "hold-cron-line" in done, check.code


def test_what_its_manager_runs_is_restarted_through_it() -> None:
    service = ghost_service(manager="systemd:ghost.service")
    snapshot = machine(runner(100), jobs=[unit_job(starts=(100,))], health=refused())
    check = next(check for check in CHECKS if check.code == "health-unreachable")
    assert kinds(check, only(check, snapshot, service), snapshot, service) == ["restart-unit"]


def test_a_copy_beside_the_manager_s_own_instance_is_stopped_and_nothing_else() -> None:
    service = ghost_service(manager="systemd:ghost.service")
    snapshot = machine(
        runner(100), runner(200), listeners=[listener(5555, 200)], jobs=[unit_job(starts=(200,))]
    )
    check = next(check for check in CHECKS if check.code == "duplicate-instance")
    (step,) = check.repair(only(check, snapshot, service), snapshot, service)
    assert isinstance(step, StopProcess)
    assert step.process.pid == 100


def test_copies_without_an_instance_of_the_manager_give_way_to_it() -> None:
    service = ghost_service(manager="systemd:ghost.service")
    snapshot = machine(runner(100), runner(200), jobs=[unit_job()])
    check = next(check for check in CHECKS if check.code == "duplicate-instance")
    done = kinds(check, only(check, snapshot, service), snapshot, service)
    assert done == ["stop-process", "stop-process", "restart-unit"]


def test_what_its_manager_would_not_bring_back_is_not_stopped() -> None:
    service = ghost_service(manager="cron")
    snapshot = machine(runner(100), jobs=[cron_job(starts=(100,))], health=refused())
    check = next(check for check in CHECKS if check.code == "health-unreachable")
    assert kinds(check, only(check, snapshot, service), snapshot, service) == []


def test_every_manager_that_can_be_told_restarts_its_own() -> None:
    folder = unit_job("ghost", kind="runit", scope="/srv/sv/ghost")
    snapshot = machine(jobs=[unit_job("ghost", kind="supervisord", scope="/etc/s.conf"), folder, cron_job()])
    told = {
        manager: [step.kind for step in restart_managed("x", snapshot, ghost_service(manager=manager))]
        for manager in ("supervisord:ghost", "runit:ghost", "s6:ghost", "cron", "none")
    }
    assert told == {
        "supervisord:ghost": ["restart-supervisor-program"],
        "runit:ghost": ["restart-service-folder"],
        "s6:ghost": [],
        "cron": [],
        "none": [],
    }


def test_of_namesakes_the_one_that_runs_is_restarted() -> None:
    service = ghost_service(manager="systemd:ghost.service")
    snapshot = machine(
        runner(100),
        jobs=[
            unit_job(enabled=False),
            unit_job(scope="user:alice", starts=(100,)),
            unit_job("ghost@1.service"),
        ],
        health=refused(),
    )
    (step,) = restart_managed("x", snapshot, service)
    assert isinstance(step, RestartUnit)
    assert (step.unit, step.scope) == ("ghost.service", "user:alice")

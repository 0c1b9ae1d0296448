"""Healthy machines on which no check may complain, however odd they look."""

from collections.abc import Callable

import pytest
from msgspec import structs

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.judgement import judge
from ghostfix.model.finding import Severity
from ghostfix.model.process import ProcessState
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFileState, Snapshot
from tests.diagnosis.checks.builders import (
    HOME,
    MODULE,
    VENV,
    cron_job,
    detail,
    error,
    ghost_service,
    listener,
    log,
    machine,
    marked,
    pidfile,
    process,
    refused,
    runner,
    unit_job,
    venv,
    worker,
    zombies,
)

Look = Callable[[], tuple[Snapshot, Service]]
LOOKS: dict[str, Look] = {}


def look(function: Look) -> Look:
    LOOKS[function.__name__.replace("_", " ")] = function
    return function


@look
def one_instance() -> tuple[Snapshot, Service]:
    return machine(runner(100), pidfiles=[pidfile(100)]), ghost_service()


@look
def a_reloader_and_its_child_both_listening() -> tuple[Snapshot, Service]:
    child = marked(runner(101, ppid=100, group=100), WERKZEUG_RUN_MAIN="true")
    listeners = [listener(5555, 100, 101, inode=9)]
    return machine(runner(100), child, listeners=listeners, pidfiles=[pidfile(101)]), ghost_service()


@look
def a_server_and_its_forked_workers() -> tuple[Snapshot, Service]:
    workers = [runner(101 + number, ppid=100, group=100) for number in range(4)]
    listeners = [listener(5555, 100, *(one.pid for one in workers), inode=9)]
    return machine(runner(100), *workers, listeners=listeners, pidfiles=[pidfile(100)]), ghost_service()


@look
def a_hand_over_of_a_new_server_below_the_old_one() -> tuple[Snapshot, Service]:
    new = [runner(200, ppid=100, age=3), runner(201, ppid=200, age=2)]
    listeners = [listener(5555, 100, 200, 201, inode=9)]
    return machine(runner(100), *new, listeners=listeners, pidfiles=[pidfile(200, age=1)]), ghost_service()


@look
def spawned_workers_and_a_resource_tracker() -> tuple[Snapshot, Service]:
    tracker = process(
        105,
        f"{VENV}/bin/python",
        "-c",
        "from multiprocessing.resource_tracker import main;main(4)",
        ppid=100,
        detail=detail(),
    )
    workers = [worker(101, ppid=100), worker(102, ppid=100)]
    return machine(
        runner(100), *workers, tracker, listeners=[listener(5555, 101, 102, inode=9)]
    ), ghost_service()


@look
def workers_of_another_checkout_without_a_parent() -> tuple[Snapshot, Service]:
    return machine(runner(100), worker(300, cwd="/srv/other", prefix="/srv/other/.venv")), ghost_service()


@look
def three_instances_that_the_manager_runs() -> tuple[Snapshot, Service]:
    jobs = [unit_job(f"ghost@{number}.service", starts=(99 + number,)) for number in (1, 2, 3)]
    listeners = [listener(5555, 100), listener(5555, 101), listener(5555, 102)]
    service = ghost_service(manager="systemd:ghost@.service")
    return machine(runner(100), runner(101), runner(102), listeners=listeners, jobs=jobs), service


@look
def two_instances_that_the_profile_wants() -> tuple[Snapshot, Service]:
    return machine(runner(100), runner(101)), ghost_service(instances=2)


@look
def another_checkout_on_another_port() -> tuple[Snapshot, Service]:
    other = runner(300, cwd="/srv/other", prefix="/srv/other/.venv")
    return machine(runner(100), other, listeners=[listener(5555, 100), listener(5556, 300)]), ghost_service()


@look
def a_container_that_runs_the_same_program() -> tuple[Snapshot, Service]:
    inside = structs.replace(runner(300), detail=detail(container="0123456789abcdef"))
    return machine(runner(100), inside), ghost_service()


@look
def onlookers_with_the_name_in_their_command_line() -> tuple[Snapshot, Service]:
    onlookers = [
        process(201, "vim", "gpt_cursor_runner/main.py"),
        process(202, "tail", "-f", f"{HOME}/logs/{MODULE}.log"),
        process(203, "grep", "-r", MODULE, HOME),
        process(204, "bash", "-c", f"python -m {MODULE}"),
        process(205, "ssh", "box", f"python -m {MODULE}"),
        process(206, "watch", f"pgrep -f {MODULE}"),
        process(207, "pytest", f"tests/{MODULE}", detail=detail()),
        process(9000, f"{VENV}/bin/python", "-m", MODULE, detail=detail()),
    ]
    return machine(runner(100), *onlookers), ghost_service()


@look
def one_process_on_both_address_families() -> tuple[Snapshot, Service]:
    listeners = [listener(5555, 100), listener(5555, 100, address="::1")]
    return machine(runner(100), listeners=listeners), ghost_service()


@look
def a_stranger_on_another_address_of_the_machine() -> tuple[Snapshot, Service]:
    stranger = process(300, "nginx")
    listeners = [listener(5555, 100), listener(5555, 300, address="10.0.0.5")]
    return machine(runner(100), stranger, listeners=listeners), ghost_service()


@look
def a_socket_whose_owner_is_hidden_but_has_the_service_s_user() -> tuple[Snapshot, Service]:
    return machine(runner(100), listeners=[listener(5555)]), ghost_service()


@look
def a_disabled_job() -> tuple[Snapshot, Service]:
    return machine(runner(100), jobs=[cron_job(enabled=False), unit_job(enabled=False)]), ghost_service()


@look
def the_profile_s_own_manager_with_its_timer() -> tuple[Snapshot, Service]:
    jobs = [unit_job(starts=(100,)), unit_job("ghost.timer", restarts_on_exit=False)]
    return machine(runner(100), jobs=jobs), ghost_service(manager="systemd:ghost.service")


@look
def cron_as_the_profile_s_manager() -> tuple[Snapshot, Service]:
    jobs = [cron_job(guarded=True), cron_job("alice:8", line=8, trigger="at boot")]
    return machine(runner(100), jobs=jobs), ghost_service(manager="cron")


@look
def a_service_that_starts_just_now() -> tuple[Snapshot, Service]:
    return machine(runner(100, age=1), pidfiles=[pidfile(100, age=0.5)]), ghost_service()


@look
def an_empty_pid_file_that_is_being_written() -> tuple[Snapshot, Service]:
    fresh = pidfile(None, state=PidFileState.EMPTY, age=0.1)
    return machine(runner(100, age=1), pidfiles=[fresh]), ghost_service()


@look
def a_pid_file_that_serves_as_a_lock() -> tuple[Snapshot, Service]:
    lock = pidfile(None, state=PidFileState.EMPTY, locked=True)
    return machine(runner(100), pidfiles=[lock]), ghost_service()


@look
def the_pid_file_of_a_wrapper_above_the_service() -> tuple[Snapshot, Service]:
    wrapper = process(90, "bash", f"{HOME}/start.sh")
    return machine(
        runner(100, ppid=90), wrapper, pidfiles=[pidfile(90)], listeners=[listener(5555, 100)]
    ), ghost_service()


@look
def another_program_s_own_pid_file() -> tuple[Snapshot, Service]:
    nginx = process(300, "nginx: master process", name="nginx")
    return machine(
        runner(100), nginx, pidfiles=[pidfile(300, path=f"{HOME}/pids/nginx.pid")]
    ), ghost_service()


@look
def the_service_as_pid_1_of_a_container() -> tuple[Snapshot, Service]:
    snapshot = machine(listeners=[listener(5555, 1)], pidfiles=[pidfile(1, age=99_999)])
    return structs.replace(
        snapshot, processes=structs.replace(snapshot.processes, value=(runner(1, ppid=0),))
    ), (ghost_service())


@look
def an_old_traceback_before_the_last_start() -> tuple[Snapshot, Service]:
    return machine(runner(100, age=600), logs=[log(error(count=88, last=700))]), ghost_service()


@look
def a_log_without_times_that_was_not_touched_since_the_start() -> tuple[Snapshot, Service]:
    return machine(runner(100), logs=[log(error(count=88, last=None), age=700)]), ghost_service()


@look
def a_handled_exception() -> tuple[Snapshot, Service]:
    return machine(runner(100), logs=[log(error(count=88, handled=True))]), ghost_service()


@look
def a_venv_reached_through_a_symlink() -> tuple[Snapshot, Service]:
    real = detail("/opt/venvs/ghost", resolved_prefix="/opt/venvs/ghost")
    instance = structs.replace(runner(100), detail=real)
    return machine(instance, venv_=venv(resolved="/opt/venvs/ghost")), ghost_service()


@look
def a_venv_called_by_a_versioned_name() -> tuple[Snapshot, Service]:
    versioned = detail(interpreter=f"{VENV}/bin/python3.12")
    return machine(structs.replace(runner(100), detail=versioned)), ghost_service()


@look
def an_interpreter_that_cannot_be_read() -> tuple[Snapshot, Service]:
    hidden = detail(None, interpreter="python")
    return machine(structs.replace(runner(100), detail=hidden)), ghost_service()


@look
def a_few_zombies() -> tuple[Snapshot, Service]:
    return machine(runner(100), *zombies(5, ppid=100)), ghost_service()


@look
def several_names_of_one_python() -> tuple[Snapshot, Service]:
    pythons = {"/usr/bin/python3": "/usr/bin/python3.12", "/usr/bin/python": "/usr/bin/python3.12"}
    return machine(runner(100), pythons=pythons), ghost_service()


@look
def no_instance_wanted() -> tuple[Snapshot, Service]:
    return machine(health=None), ghost_service(instances=0)


@pytest.mark.parametrize("name", LOOKS)
def test_nothing_is_found(name: str) -> None:
    snapshot, service = LOOKS[name]()
    complaints = [
        (finding.code, finding.summary)
        for result in judge(snapshot, service)
        for finding in result.findings
        if finding.severity is not Severity.INFO
    ]
    assert complaints == []


def test_no_check_crashes_on_a_machine_where_nothing_could_be_read() -> None:
    snapshot = machine(health=refused(), complete=False)
    for check in CHECKS:
        check.find(snapshot, ghost_service())


def test_a_stopped_instance_is_no_healthy_look() -> None:
    """The table above must be able to fail."""
    snapshot = machine(runner(100, state=ProcessState.STOPPED), jobs=[cron_job()])
    assert any(result.findings for result in judge(snapshot, ghost_service()))

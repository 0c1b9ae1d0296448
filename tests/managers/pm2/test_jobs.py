import json

import pytest

from ghostfix.managers.pm2.jobs import RESTARTER
from ghostfix.model.machine import CommandAnswer
from tests.fake_system import FakeSystem, answered
from tests.managers.stage import BROKEN, HOME, RUN, SCRIPT, broken, look, machine, one

PM2_HOME = "/root/.pm2"
CLIENT = ("env", f"PM2_HOME={PM2_HOME}", "PATH=/opt/nvm/bin:/usr/bin", "NO_COLOR=1", "/opt/nvm/bin/pm2")
GOD = 500


def entry(**changes: object) -> dict[str, object]:
    environment = {
        "name": "ghost",
        "pm_exec_path": SCRIPT,
        "exec_interpreter": "python3",
        "pm_cwd": HOME,
        "autorestart": True,
        "status": "online",
        **changes,
    }
    return {"name": "ghost", "pid": changes.get("pid", 501), "pm_id": 0, "pm2_env": environment}


def keeping(
    *entries: dict[str, object], dump: bool = True, answer: CommandAnswer | None = None, uid: int = 0
) -> FakeSystem:
    """pm2 runs, and lists these."""
    system = machine()
    variables = {"PM2_HOME": PM2_HOME, "PATH": "/opt/nvm/bin:/usr/bin"}
    system.add_program("/opt/nvm/bin/pm2")
    # Node cuts the title off where its own command line ended.
    system.add_process(GOD, ("PM2 v6.0.14: God Daemon (/root/.p",), uid=uid, variables=variables)
    system.add_process(501, RUN, GOD, cwd=HOME, variables={**variables, "name": "ghost", "pm_id": "0"})
    system.add_file(f"{PM2_HOME}/pm2.pid", b"500")
    system.add_fifo(f"{PM2_HOME}/rpc.sock")
    if dump:
        saved = json.dumps([each["pm2_env"] for each in entries], indent=2)
        system.add_file(f"{PM2_HOME}/dump.pm2", saved.encode())
    banner = b"\n[PM2] Spawning PM2 daemon\n[PM2][WARN] not the same version\n"
    listed = answered((*CLIENT, "jlist"), 0, banner + json.dumps(entries).encode())
    system.add_command((*CLIENT, "jlist"), answer or listed)
    return system


def test_an_application_that_runs() -> None:
    job = one(keeping(entry()), RESTARTER)
    assert (job.id, job.scope, job.enabled, job.starts) == ("ghost", PM2_HOME, True, (501,))
    assert (job.trigger, job.restarts_on_exit) == ("when it exits", True)
    assert job.where is not None
    assert (job.where.file, job.where.line) == (f"{PM2_HOME}/dump.pm2", 3)


def test_one_that_was_never_saved_has_no_place() -> None:
    job = one(keeping(entry(), dump=False), RESTARTER)
    assert (job.where, job.enabled) == (None, True)


@pytest.mark.parametrize(
    ("changes", "enabled", "trigger"),
    [
        ({"status": "stopped"}, False, "when it exits, it is stopped"),
        ({"status": "errored"}, False, "when it exits, pm2 gave up: errored"),
        (
            {"status": "stopped", "cron_restart": "0 * * * *"},
            True,
            "when it exits, every hour (cron_restart)",
        ),
        (
            {"autorestart": False, "cron_restart": "*/15 * * * * *"},
            True,
            "every 15 seconds (cron_restart)",
        ),
        ({"autorestart": False}, False, "only when asked"),
        ({"watch": True}, True, "when it exits, when a file changes"),
    ],
)
def test_what_arms_it(changes: dict[str, object], enabled: bool, trigger: str) -> None:
    job = one(keeping(entry(**changes)), RESTARTER)
    assert (job.enabled, job.trigger.split(", it is")[0]) == (enabled, trigger.split(", it is")[0])
    assert bool(RESTARTER.hold(job, "test")) is enabled


def test_a_stopped_one_has_no_pid() -> None:
    stopped = entry(status="stopped")
    del stopped["pid"]
    system = keeping(stopped)
    system.end(501)
    job = one(system, RESTARTER)
    assert (job.enabled, job.starts) == (False, ())


def test_what_a_dead_pm2_left_behind_is_started_by_nobody() -> None:
    system = keeping(entry())
    system.end(GOD)
    job = one(system, RESTARTER)
    assert (job.enabled, job.starts) == (False, (501,))
    assert "pm2 itself does not run" in job.trigger
    assert system.asked == []


def test_one_of_the_dump_alone_waits_for_a_resurrection() -> None:
    system = keeping(entry(), answer=answered((*CLIENT, "jlist"), 0, b"[]"))
    job = one(system, RESTARTER)
    assert (job.enabled, job.trigger.split(": ")[0]) == (
        False,
        "when it exits, only at the next `pm2 resurrect`",
    )


def test_nothing_is_asked_where_asking_would_start_a_pm2() -> None:
    system = keeping(entry())
    system.remove_path(f"{PM2_HOME}/rpc.sock")
    reading = look(system, RESTARTER)
    assert not reading.complete
    assert reading.problem is not None
    assert "would start another one" in reading.problem
    assert system.asked == []


def test_a_machine_without_pm2_is_asked_nothing() -> None:
    system = machine()
    assert look(system, RESTARTER).value == ()
    assert system.asked == []


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_pm2_is_said(how: str) -> None:
    system = keeping(entry(), answer=broken(CLIENT)[how])
    reading = look(system, RESTARTER)
    assert not reading.complete
    assert reading.problem is not None
    assert PM2_HOME in reading.problem
    assert [job.id for job in reading.value] == ["ghost"]  # from the dump


def test_a_dump_of_rubbish_is_no_dump() -> None:
    system = keeping(entry())
    system.add_file(f"{PM2_HOME}/dump.pm2", b"\xff{[,:}}\x00'")
    assert [job.where for job in look(system, RESTARTER).value] == [None]


def test_another_user_s_pm2_is_asked_as_that_user() -> None:
    system = keeping(entry(), uid=1000)
    system.users[1000] = "alice"
    system.add_command((*CLIENT, "jlist"), stdout=json.dumps([entry()]))
    assert look(system, RESTARTER).complete
    assert ((*CLIENT, "jlist"), "1000") in zip(system.asked, system.asked_as, strict=True)


def test_a_configuration_beside_the_service_arms_nobody() -> None:
    system = machine()
    text = b"// how it is run\nmodule.exports = {\n  apps: [{\n    name: 'ghost', script: './ghost.py',\n"
    system.add_file(f"{HOME}/ecosystem.config.js", text + b"    interpreter: 'python3' }],\n}\n")
    job = one(system, RESTARTER)
    assert job.where is not None
    assert (job.where.line, job.enabled, RESTARTER.hold(job, "test")) == (4, False, ())


@pytest.mark.parametrize(
    ("script", "jobs", "note"),
    [
        ("path.resolve(__dirname, 'ghost.py')", 1, None),
        (
            "find('ghost')",
            0,
            f"could not follow the script of ghost: find('ghost') in {HOME}/ecosystem.config.js",
        ),
    ],
)
def test_a_path_of_a_configuration_is_joined_or_named(script: str, jobs: int, note: str | None) -> None:
    system = machine()
    text = f"module.exports = {{ apps: [{{ name: 'ghost', script: {script}, interpreter: 'python3' }}] }}\n"
    system.add_file(f"{HOME}/ecosystem.config.js", f"const path = require('path');\n{text}".encode())
    reading = look(system, RESTARTER)
    assert (len(reading.value), reading.note, reading.complete) == (jobs, note, True)


@pytest.mark.parametrize("hers", [PM2_HOME, "/opt/nvm/bin"])
def test_a_pm2_that_somebody_else_could_change_is_not_run_with_our_rights(hers: str) -> None:
    system = keeping(entry())
    system.add_folder(hers, uid=1001)
    assert not look(system, RESTARTER).complete
    assert not any("jlist" in words for words in system.asked)


def test_pm2_of_another_user_is_asked_as_that_user() -> None:
    system = keeping(entry(), uid=1001)
    system.add_folder(PM2_HOME, uid=1001)
    system.add_command((*CLIENT, "jlist"), stdout="[]")
    assert look(system, RESTARTER).complete
    assert (system.asked[-1], system.asked_as[-1]) == ((*CLIENT, "jlist"), "1001")

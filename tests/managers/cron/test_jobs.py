"""Crontab lines that lead to the service, on an in-memory machine."""

import pytest

from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.managers.cron.jobs import RESTARTER
from ghostfix.model.job import Job, LinkKind, Place
from ghostfix.model.machine import Platform
from ghostfix.model.process import ProcessDetail, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from tests.fake_system import FakeCrontab, FakeSystem, default_caller

SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost", script="ghost.py")
START = b"python3 /srv/ghost/ghost.py"
LINE = b"*/5 * * * * " + START + b"\n"


def machine(tab: bytes | None = None, platform: Platform = Platform.LINUX) -> FakeSystem:
    system = FakeSystem(platform)
    FakeCrontab(system, {} if tab is None else {"ghost": tab})
    system.add_file("/srv/ghost/ghost.py", b"print('ghost')\n")
    return system


def as_root(tabs: dict[str, bytes], platform: Platform = Platform.LINUX) -> FakeSystem:
    system = FakeSystem(platform, caller=default_caller(platform, "root"))
    FakeCrontab(system, tabs)
    return system


def look(system: FakeSystem) -> Reading[tuple[Job, ...]]:
    reading = RESTARTER.jobs(system, SERVICE, ProcessTree(system.processes().value))
    assert system.acts == []
    return reading


def only(system: FakeSystem) -> Job:
    (job,) = look(system).value
    return job


@pytest.mark.parametrize("platform", list(Platform))
def test_a_line_that_runs_the_service_is_a_job(platform: Platform) -> None:
    job = only(machine(b"# up!\nMAILTO=x\n0 3 * * * /usr/bin/backup\n" + LINE, platform))
    assert job.id == "ghost:4"
    assert job.where == Place("crontab of ghost", 4, LINE.decode().rstrip())
    assert (job.kind, job.scope, job.trigger) == ("cron", "ghost", "every 5 minutes")
    assert (job.enabled, job.restarts_on_exit, job.confidence) == (True, False, Confidence.CERTAIN)
    assert job.command == START.decode()
    assert job.link.kind is LinkKind.RUNS
    assert job.source == LINE


def test_a_script_on_the_way_is_evidence_with_its_line() -> None:
    system = machine(b"BASE=/srv/ghost\n@reboot $BASE/boot.sh\n* * * * * cd ~/run && ./up.sh\n")
    system.add_file("/srv/ghost/boot.sh", b"#!/bin/sh\n\n" + START + b" &\n", 0o755)
    system.add_file("/home/ghost/run/up.sh", b"#!/bin/sh\n" + START + b"\n", 0o755)
    boot, up = look(system).value
    assert boot.trigger == "at boot"
    assert boot.link.kind is LinkKind.RUNS_SCRIPT
    assert [(hop.file, hop.line) for hop in boot.link.hops] == [("/srv/ghost/boot.sh", 3)]
    assert [(hop.file, hop.line) for hop in up.link.hops] == [("/home/ghost/run/up.sh", 2)]


def test_the_crontabs_own_home_is_where_the_command_runs() -> None:
    system = machine(b"HOME=/srv/ghost\n* * * * * ./up.sh\n")
    system.add_file("/srv/ghost/up.sh", b"#!/bin/sh\npython3 ghost.py\n", 0o755)
    assert [hop.file for hop in only(system).link.hops] == ["/srv/ghost/up.sh"]


@pytest.mark.parametrize(
    "line",
    [
        b"* * * * * pkill -f /srv/ghost/ghost.py\n",
        b"* * * * * tar czf /backup/ghost.tgz /srv/ghost/ghost.py\n",
        b"* * * * * python3 /srv/ghost2/ghost.py\n",
        b"* * * * * echo % " + START + b"\n",
        b"GHOST=" + START + b"\n",
        b"# " + START + b" every minute\n",
    ],
)
def test_what_only_mentions_the_service_is_no_job(line: bytes) -> None:
    assert look(machine(line)).value == ()


def test_commented_and_held_lines_are_jobs_that_do_not_act() -> None:
    held, commented, unended = look(
        machine(b"# held by ghostfix: " + LINE + b"#" + LINE + LINE.rstrip())
    ).value
    assert not held.enabled
    assert held.source == b"# held by ghostfix: " + LINE
    assert not commented.enabled
    assert not unended.enabled
    assert "without a newline" in unended.trigger
    assert RESTARTER.hold(held, "x") == RESTARTER.hold(commented, "x") == RESTARTER.hold(unended, "x") == ()


def test_a_line_that_looks_or_locks_first_is_guarded() -> None:
    lines = (
        b"* * * * * pgrep -f ghost.py || " + START + b"\n",
        b"* * * * * flock -n /tmp/lock " + START + b"\n",
        LINE,
    )
    assert [job.guarded for job in look(machine(b"".join(lines))).value] == [True, True, False]


def test_two_identical_lines_are_two_jobs() -> None:
    assert [job.id for job in look(machine(LINE + LINE)).value] == ["ghost:1", "ghost:2"]


def test_holding_a_users_line_and_a_system_wide_one() -> None:
    system = machine(LINE)
    system.add_file("/etc/cron.d/ghost", b"\n* * * * * root " + START + b"\n")
    user_wide, system_wide = look(system).value
    assert RESTARTER.hold(user_wide, "rogue-restarter") == (
        HoldCronLine(reason="rogue-restarter", tab=CrontabFile(user="ghost"), line=1, source=LINE),
    )
    assert RESTARTER.hold(system_wide, "x") == (
        HoldCronLine(
            reason="x",
            tab=CrontabFile(path="/etc/cron.d/ghost"),
            line=2,
            source=b"* * * * * root " + START + b"\n",
        ),
    )


def test_system_wide_tables_have_a_user_and_their_names_matter() -> None:
    system = machine()
    line = b"* * * * * ghost cd /srv/ghost && python3 ghost.py\n"
    for name in ("crontab", "cron.d/ok_1-a", "cron.d/a.bak", "cron.d/.placeholder", "cron.d/old~"):
        system.add_file(f"/etc/{name}", line)
    assert [job.id for job in look(system).value] == ["/etc/crontab:1", "/etc/cron.d/ok_1-a:1"]
    assert look(system).value[0].scope == "/etc/crontab"
    system.add_program("/usr/sbin/crond")
    assert [job.scope for job in look(system).value] == [
        "/etc/crontab",
        "/etc/cron.d/a.bak",
        "/etc/cron.d/ok_1-a",
    ]


def test_root_sees_everybodys_crontab_by_the_names_in_the_spool() -> None:
    system = as_root({"root": LINE, "alice": LINE, "bob": b"0 0 * * * x\n", "tmp.AbCdEf": LINE})
    for name in ("alice", "bob", "root", "tmp.AbCdEf"):
        system.add_file(f"/var/spool/cron/crontabs/{name}", b"")
    reading = look(system)
    assert [job.id for job in reading.value] == ["root:1", "alice:1"]
    assert reading.problem is None


def test_root_on_macos_finds_the_names_elsewhere() -> None:
    system = as_root({"alice": LINE}, Platform.MACOS)
    system.add_file("/usr/lib/cron/tabs/alice", b"")
    assert [job.id for job in look(system).value] == ["alice:1"]


def test_without_root_others_are_not_seen_and_that_is_said_but_no_failure() -> None:
    reading = look(machine())
    assert reading == Reading((), "other users' crontabs were not read: only root can")


def test_an_unreadable_crontab_is_not_an_empty_one() -> None:
    system = FakeSystem(Platform.MACOS)
    crontab = FakeCrontab(system, {"ghost": LINE})
    crontab.refuses = "crontab: tmp/tmp.77: Operation not permitted\n"
    reading = look(system)
    assert (reading.value, reading.complete) == ((), False)
    assert "crontab of ghost cannot be read: crontab: tmp/tmp.77: Operation not permitted" in str(
        reading.problem
    )


def test_an_unreadable_table_does_not_hide_the_others() -> None:
    system = machine(LINE)
    system.add_file("/etc/crontab", b"", unreadable=True)
    reading = look(system)
    assert [job.id for job in reading.value] == ["ghost:1"]
    assert not reading.complete
    assert "/etc/crontab cannot be read" in str(reading.problem)


def test_a_script_that_cannot_be_read_could_have_led_to_the_service() -> None:
    system = machine(b"* * * * * /srv/ghost/secret.sh\n")
    system.add_file("/srv/ghost/secret.sh", b"", 0o700, unreadable=True)
    assert not look(system).complete
    others = machine()
    others.add_file("/etc/crontab", b"* * * * * root /srv/ghost/secret.sh\n")
    others.add_file("/srv/ghost/secret.sh", b"", 0o700, unreadable=True)
    assert look(others).complete


def test_a_machine_without_cron_has_no_jobs_and_no_problem() -> None:
    reading = RESTARTER.jobs(
        FakeSystem(caller=default_caller(Platform.LINUX, "root")), SERVICE, ProcessTree(())
    )
    assert reading == Reading(())


def test_a_service_below_cron_is_attributed_to_its_line() -> None:
    system = machine(b"0 5 * * * " + START + b" --other\n" + LINE)
    system.add_process(70, ("/usr/sbin/cron", "-f"), uid=0, name="cron")
    system.add_process(71, ("/usr/sbin/CRON", "-f"), ppid=70, uid=0, name="cron")
    system.add_process(72, ("/bin/sh", "-c", START.decode()), ppid=71)
    system.add_process(73, ("python3", "/srv/ghost/ghost.py"), ppid=72, cwd="/home/ghost")
    assert [job.starts for job in look(system).value] == [(), (73,)]


def test_an_orphan_is_attributed_by_minute_and_log() -> None:
    system = machine(b"* * * * * nohup " + START + b" >> /srv/ghost/ghost.log 2>&1 &\n")
    detail = ProcessDetail(cwd="/home/ghost", open_files=("/srv/ghost/ghost.log",))
    argv = ("python3", "/srv/ghost/ghost.py")
    minute = system.now() // 60 * 60 - 600
    system.add_process(73, argv, started=minute + 0.4, detail=detail)
    system.add_process(74, argv, started=minute + 30, detail=detail)
    assert only(system).starts == (73,)

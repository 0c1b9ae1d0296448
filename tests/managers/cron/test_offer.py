import shlex

from msgspec import structs

from ghostfix.managers.cron.crontab import parse
from ghostfix.managers.cron.offer import line
from ghostfix.model.machine import Platform
from tests.fake_system import FakeCrontab, FakeSystem, default_caller
from tests.managers.offer_stage import ALICE, NASTY, WANTED, offered, unavailable


def machine() -> FakeSystem:
    system = FakeSystem()
    FakeCrontab(system)
    system.add_process(300, ("/usr/sbin/cron", "-f"), uid=0, name="cron")
    system.add_command((*WANTED.ghostfix, "--version"), stdout="ghostfix 1\n")
    system.add_command(("test", "-r", WANTED.profile))
    return system


def test_the_line() -> None:
    assert line(structs.replace(WANTED, open_files=None)) == (
        "* * * * * /opt/py -m ghostfix run web --quiet --config /srv/web/ghostfix.toml "
        ">>/srv/web/logs/web.log 2>&1"
    )


def test_what_cron_s_own_path_lacks_is_put_in_front_of_it() -> None:
    bare = structs.replace(WANTED, open_files=None, variables=(), profile="/p")
    node = structs.replace(bare, command=("/opt/my node/bin/node", "x.js"))
    assert line(node).startswith(
        "* * * * * PATH='/opt/my node/bin':\"$PATH\" /opt/py -m ghostfix run web --quiet --config /p >>"
    )
    assert "PATH" not in line(structs.replace(bare, command=("/usr/bin/python3", "x.py")))
    assert "PATH" not in line(WANTED)


def test_a_built_in_profile_means_the_folder() -> None:
    text = line(structs.replace(WANTED, profile=""))
    assert text.startswith(
        "* * * * * cd /srv/web && ulimit -n 1024 && /opt/py -m ghostfix run web --quiet >>"
    )


def test_cron_hands_to_the_shell_what_was_meant() -> None:
    (job,) = parse(f"{line(NASTY)}\n".encode(), has_users=False).jobs
    words = shlex.split(job.shell_text)
    assert words[words.index("--config") + 1] == NASTY.profile
    assert f">>{NASTY.log}" in words
    assert job.stdin is None


def test_it_goes_into_the_owner_s_crontab() -> None:
    offer = offered("cron", machine(), ALICE)
    assert (offer.manager, offer.place, offer.scope) == ("cron", "crontab of alice", "alice")


def test_root_s_crontab_runs_no_ghostfix_that_somebody_else_could_change() -> None:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    FakeCrontab(system)
    system.add_process(300, ("/usr/sbin/cron", "-f"), uid=0, name="cron")
    system.add_file("/etc/passwd", b"alice:x:1001:1001::/home/alice:/bin/sh\n", uid=0)
    system.add_file(WANTED.ghostfix[0], b"", mode=0o755, uid=1001)
    assert unavailable("cron", system).reason == "alice could change what would be run as root"
    assert not system.asked


def test_what_is_missing_is_told() -> None:
    assert "no crontab program" in unavailable("cron", FakeSystem()).reason
    system = machine()
    system.end(300)
    assert "no cron daemon runs" in unavailable("cron", system).reason
    system = machine()
    system.add_command((*WANTED.ghostfix, "--version"), status=126, stderr="/opt/py: Permission denied\n")
    assert (
        unavailable("cron", system).reason
        == "ghost cannot run /opt/py -m ghostfix: /opt/py: Permission denied"
    )
    system = machine()
    system.add_command(("test", "-r", WANTED.profile), status=1)
    assert unavailable("cron", system, ALICE).reason == "alice cannot read /srv/web/ghostfix.toml"
    long = structs.replace(WANTED, log="/" + "x" * 900)
    assert "bytes long" in unavailable("cron", machine(), long).reason
    assert "bytes long" in unavailable("cron", machine(), structs.replace(WANTED, log="/" + "é" * 450)).reason


def test_a_backslash_that_cron_would_take_away_is_told() -> None:
    for log in ("/srv/a\\%b.log", "/srv/a\\\\b.log"):
        assert (
            "take a backslash out" in unavailable("cron", machine(), structs.replace(WANTED, log=log)).reason
        )
    offered("cron", machine(), structs.replace(WANTED, log="/srv/a\\b 100%.log"))

"""Which file is the lock, what is started, and who counts as running."""

import pytest
from msgspec import structs

from ghostfix.commands.run.instance_lock import (
    lock_holder,
    pid_file,
    until_gone,
    wanted_service,
    without_lock,
)
from ghostfix.model.errors import ProfileError
from ghostfix.model.machine import Platform
from ghostfix.model.process import Birth
from ghostfix.model.run_lock import Former
from ghostfix.model.service import Service
from tests.fake_system import FakeSystem, default_caller

PROFILE = b'[services.web]\nmodule = "shop.web"\n'
PATH = "/srv/web/run/web.pid"
SERVICE = Service(name="web", profile="/srv/web/ghostfix.toml", directory="/srv/web", module="shop.web")


def machine(profile: bytes = PROFILE) -> FakeSystem:
    system = FakeSystem(caller=structs.replace(default_caller(Platform.LINUX), cwd="/srv/web"))
    if profile:
        system.add_file("/srv/web/ghostfix.toml", profile)
    return system


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        ((), "/srv/web/web.pid"),
        (("run/my.pid",), "/srv/web/run/my.pid"),
        (("pids/*.pid", "/run/web.pid"), "/run/web.pid"),
        (("pids/*.pid",), "/srv/web/pids/web.pid"),
        (("pids/runner-*.lock",), "/srv/web/pids/runner-web.lock"),
        (("*/x.pid",), "/srv/web/web.pid"),
    ],
)
def test_the_lock_is_the_profile_s_pid_file(patterns: tuple[str, ...], path: str) -> None:
    service = Service(name="web", profile="p", directory="/srv/web", module="shop.web", pidfiles=patterns)
    assert pid_file(FakeSystem(), service) == path


def test_a_command_without_a_profile_has_its_lock_in_the_user_s_own_folder() -> None:
    system = machine(b"")
    service = wanted_service(system, "job", None, ("sleep", "1"))
    assert service.directory == "/srv/web"
    assert pid_file(system, service) == f"{system.caller().home}/.local/state/ghostfix/run/job.pid"


def test_the_lock_of_a_command_is_in_one_place_whatever_the_environment() -> None:
    """Cron has none of these variables: what was started in a terminal would be started once more."""
    system = machine(b"")
    service = wanted_service(system, "job", None, ("sleep", "1"))
    before = pid_file(system, service)
    system.variables |= {"XDG_RUNTIME_DIR": "/run/user/1000", "XDG_STATE_HOME": "/elsewhere"}
    assert pid_file(system, service) == before


def test_a_standby_looks_at_nobody_but_whom_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    system = machine()
    system.add_process(700, ("python3", "-m", "shop.web"), cwd="/srv/web")
    waits: list[float] = []

    def ends_in_the_end(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 100:
            system.end(700)

    running = without_lock(system, SERVICE, PATH, Former(content=b""))
    assert running is not None
    system.on_wait.append(ends_in_the_end)
    monkeypatch.setattr(system, "processes", lambda: pytest.fail("it looks at everybody"))
    until_gone(system, running)
    assert len(waits) == 100


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/opt/bin/job 1", "job"),
        ("python3 jobs/nightly.py --all", "nightly.py"),
        ("python3 -m shop.web", "shop.web"),
        ("node server.js", "server.js"),
        ("sh -c true", "sh"),
    ],
)
def test_a_command_without_a_name_is_called_by_what_it_runs(command: str, name: str) -> None:
    """Two scripts of one interpreter are two services."""
    assert wanted_service(machine(b""), None, None, tuple(command.split())).name == name


def test_a_name_that_may_be_a_slip_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert wanted_service(machine(), "wbe", None, ("sleep",)).name == "wbe"
    assert "did you mean `web`?" in capsys.readouterr().err
    assert wanted_service(machine(), "nightly", None, ("sleep",)).name == "nightly"
    assert capsys.readouterr().err == ""


def test_a_profile_that_cannot_be_used_is_no_command_without_one() -> None:
    """It would be started beside the one that runs, with another lock; and by root as root."""
    for broken in (b"[services.web", b"[services.web]\nmodule = 3\n"):
        with pytest.raises(ProfileError):
            wanted_service(machine(broken), "web", None, ("sleep",))
    system = machine()
    system.add_file("/srv/web/ghostfix.toml", PROFILE, uid=1234)
    with pytest.raises(ProfileError, match="owned by another user"):
        wanted_service(system, "web", None, ("sleep",))


def test_the_only_service_need_not_be_named() -> None:
    assert wanted_service(machine(), None, None, ()).name == "web"


MISTAKES = {
    "nothing to start": (b"", None, (), "what should be started?"),
    "a typo": (PROFILE, "wbe", (), "no service called `wbe`"),
    "several": (PROFILE + b'[services.api]\nmodule = "api"\n', None, (), "several services: web, api"),
    "two instances": (PROFILE + b"instances = 2\n", None, (), "`run` guarantees one"),
    "no start": (b'[services.web]\nmatch = "shop"\n', None, (), "does not say how it is started"),
    "a path as a name": (b"", "../x", ("sleep",), "cannot be a name"),
}


@pytest.mark.parametrize(("profile", "name", "command", "says"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_answered(profile: bytes, name: str | None, command: tuple[str, ...], says: str) -> None:
    with pytest.raises(ProfileError, match=says) as raised:
        wanted_service(machine(profile), name, None, command)
    assert raised.value.hint


def test_an_instance_that_never_had_the_lock_counts() -> None:
    system = machine()
    system.add_process(700, ("python3", "-m", "shop.web"), cwd="/srv/web")
    running = without_lock(system, SERVICE, PATH, Former(content=b""))
    assert running is not None
    assert ", without the lock: pid 700 " in running.sentence(SERVICE, system.now())


@pytest.mark.parametrize(("mark", "counts"), [(f"700:{PATH}", True), ("700:/other.pid", False), ("", False)])
def test_one_that_lost_its_lock_counts(mark: str, counts: bool) -> None:
    """It opened and closed its own PID file; its command line need not be the profile's."""
    system = machine()
    system.add_process(700, ("node", "x.js"), cwd="/", variables={"GHOSTFIX_RUN": mark})
    assert (without_lock(system, SERVICE, PATH, Former(content=b"700\n")) is not None) is counts


def test_one_that_has_written_over_its_environment_counts_by_pid_and_start() -> None:
    """It sets its title, and has lost its lock: nothing but the file tells of it."""
    system = machine()
    process = system.add_process(700, ("shop: idle",), cwd="/", variables={}).record
    other = Birth(1, "x")
    for former, counts in (
        (Former(content=b"700\n\n", written=process.id.started + 0.1), True),
        (Former(content=b"700\n\n", written=process.id.started - 0.1), False),
        (Former(content=b"700\n", written=process.id.started + 0.1), False),  # not ghostfix's own
        (Former(content=b"700\n\n", written=process.id.started - 3600, birth=process.birth), True),
        (Former(content=b"700\n\n", written=process.id.started + 3600, birth=other), False),
    ):
        assert (without_lock(system, SERVICE, PATH, former) is not None) is counts, former


def test_a_pid_that_was_given_to_somebody_else_does_not() -> None:
    system = machine()
    system.add_process(700, ("sleep", "1000"))
    assert without_lock(system, SERVICE, PATH, Former(content=b"700\n")) is None


def test_what_is_ending_is_given_a_moment() -> None:
    system = machine()
    system.add_process(700, ("python3", "-m", "shop.web"), cwd="/srv/web")
    looks: list[float] = []

    def ends_meanwhile(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            system.end(700)

    system.on_wait.append(ends_meanwhile)
    assert without_lock(system, SERVICE, PATH, Former(content=b"")) is None
    assert len(looks) == 3


def test_the_kernel_s_word_goes_before_the_file_s() -> None:
    system = machine()
    system.add_process(700, ("sleep", "1"))
    system.add_process(701, ("sleep", "2"))
    running = lock_holder(system, PATH, 700, b"701\n")
    assert running.process is not None
    assert running.process.pid == 700


@pytest.mark.parametrize(
    ("argv", "mark", "named"),
    [
        (("node", "x.js"), f"700:{PATH}", True),
        (("python3", "-m", "ghostfix", "run", "web", "--restart", "always"), "", True),
        (("sleep", "1000"), "", False),
    ],
)
def test_who_shares_a_lock_is_named_only_when_the_pid_is_still_his(
    argv: tuple[str, ...], mark: str, named: bool
) -> None:
    system = machine()
    system.add_process(700, argv, variables={"GHOSTFIX_RUN": mark})
    assert (lock_holder(system, PATH, None, b"700\n").process is not None) is named

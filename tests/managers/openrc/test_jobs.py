from ghostfix.managers.openrc.jobs import RESTARTER
from tests.fake_system import FakeSystem
from tests.managers.stage import HOME, RUN, look, machine, one

ARGV = ("supervise-daemon", "ghost", "--start", "--pidfile", "/run/ghost.pid", "--chdir", HOME)
WHOLE = (*ARGV, "--respawn-delay", "5", "--respawn-max=0", "/usr/bin/python3", "--", "ghost.py")


def supervising(argv: tuple[str, ...] = WHOLE) -> FakeSystem:
    system = machine()
    system.add_process(300, argv, uid=0, name="supervise-daemo")
    system.add_process(301, RUN, 300, uid=0, cwd=HOME)
    return system


def test_a_service_that_is_kept() -> None:
    job = one(supervising(), RESTARTER)
    assert (job.id, job.enabled, job.restarts_on_exit, job.starts) == ("ghost", True, True, (301,))
    assert (job.trigger, job.command) == ("when it exits, 5 s later", "/usr/bin/python3 ghost.py")
    assert job.where is not None
    assert job.where.file == "/etc/init.d/ghost"


def test_it_is_found_before_its_program_runs() -> None:
    system = supervising()
    system.end(301)
    assert one(system, RESTARTER).starts == ()


def test_one_that_started_itself_anew_left_its_words() -> None:
    system = supervising(("supervise-daemon", "ghost", "--reexec"))
    system.end(301)
    for number, word in enumerate(WHOLE):
        system.add_file(f"/run/openrc/options/ghost/argv_{number}", f"{word}\n".encode())
    assert one(system, RESTARTER).command == "/usr/bin/python3 ghost.py"


def test_without_words_its_children_tell() -> None:
    assert one(supervising(("supervise-daemon", "ghost", "--reexec")), RESTARTER).starts == (301,)


def test_what_is_no_service_of_ours() -> None:
    system = machine()
    system.add_process(300, ("supervise-daemon", "other", "--start", "/bin/other"), uid=0)
    system.add_process(302, ("supervise-daemon", "--version"), uid=0)
    system.add_process(303, ("supervise-daemon",), uid=0)
    assert look(system, RESTARTER).value == ()
    assert system.asked == []

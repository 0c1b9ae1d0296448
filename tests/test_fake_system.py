"""The in-memory machine keeps the promises of the real one, or tests on it would prove nothing."""

import pytest
from msgspec import structs

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Platform, Signal
from ghostfix.model.process import Process, ProcessState
from ghostfix.model.snapshot import FileKind, FileStatus
from tests.fake_commands import UNEXPECTED
from tests.fake_python import add_python, add_venv
from tests.fake_system import FakeCrontab, FakeSystem, answered, default_caller


def status(system: FakeSystem, path: str) -> FileStatus:
    found = system.status(path).value
    assert found is not None
    return found


def a_process(system: FakeSystem, pid: int = 4711, *, ignores_term: bool = False) -> Process:
    return system.add_process(pid, ("server", "-x"), listens=(5555,), ignores_term=ignores_term).record


# time


def test_time_passes_only_when_somebody_waits() -> None:
    system = FakeSystem()
    before, ticks = (system.now(), system.monotonic()), []
    system.after_each_tick.append(lambda: ticks.append(system.monotonic()))
    system.wait(2.0)
    assert (system.now() - before[0], system.monotonic() - before[1]) == pytest.approx((2.0, 2.0))
    assert len(ticks) == 20


# processes


def test_looking_is_no_act() -> None:
    system = FakeSystem()
    process = a_process(system)
    system.processes()
    system.detail(process)
    system.listeners()
    system.resources("/")
    system.read("/nothing", 10)
    system.pin(process)
    system.wait(1.0)
    assert system.acts == []


@pytest.mark.parametrize("signal", [Signal.TERM, Signal.KILL, Signal.INT])
def test_an_ended_process_leaves_nothing_but_orphans(signal: Signal) -> None:
    system = FakeSystem()
    process = a_process(system)
    system.add_process(4712, ("worker",), ppid=4711)
    system.signal(process, signal)
    assert system.process(4711) is None
    assert system.listeners().value == ()
    assert system.table[4712].record.ppid == 1
    assert [(act.act, act.subject, act.detail) for act in system.acts] == [("signal", "4711", signal.value)]


def test_a_socket_that_a_child_shares_stays() -> None:
    system = FakeSystem()
    process = a_process(system)
    system.add_process(4712, ("worker",), ppid=4711)
    system.sockets[0] = structs.replace(system.sockets[0], owners=(4711, 4712))
    system.signal(process, Signal.KILL)
    assert [socket.owners for socket in system.listeners().value] == [(4712,)]


def test_who_ignores_term_hears_kill() -> None:
    system = FakeSystem()
    process = a_process(system, ignores_term=True)
    system.signal(process, Signal.TERM)
    assert not system.wait_gone(process, 5.0)
    system.signal(process, Signal.KILL)
    assert system.wait_gone(process, 5.0)


def test_who_needs_time_to_end_ends_while_somebody_waits() -> None:
    system = FakeSystem()
    slow = system.add_process(4711, ("slow",), ends_after=3.0).record
    system.signal(slow, Signal.TERM)
    assert not system.wait_gone(slow, 2.9)
    began = system.monotonic()
    assert system.wait_gone(slow, 10.0)
    assert system.monotonic() - began == pytest.approx(0.1)


def test_a_stopped_process_hears_term_when_it_goes_on() -> None:
    system = FakeSystem()
    process = a_process(system)
    system.signal(process, Signal.STOP)
    assert system.wait_state(process, stopped=True, seconds=1.0)
    system.signal(process, Signal.TERM)
    assert not system.wait_gone(process, 1.0)
    system.signal(process, Signal.CONT)
    assert system.wait_gone(process, 0.0)


def test_a_zombie_is_no_process_to_signal_and_goes_with_its_parent() -> None:
    system = FakeSystem()
    parent = a_process(system)
    zombie = system.add_zombie(4712, 4711).record
    with pytest.raises(ChangedError):
        system.signal(zombie, Signal.KILL)
    assert system.process(4712) is not None
    assert system.wait_gone(zombie, 0.0)
    system.signal(parent, Signal.TERM)
    assert system.process(4712) is None


def test_a_child_of_who_does_not_reap_becomes_a_zombie() -> None:
    system = FakeSystem()
    a_process(system)
    system.add_zombie(4712, 4711)
    child = system.add_process(4713, ("child",), ppid=4711).record
    system.signal(child, Signal.TERM)
    assert system.table[4713].record.state is ProcessState.ZOMBIE
    assert system.wait_gone(child, 0.0)


@pytest.mark.parametrize("change", [{"argv": ("other",)}, {"uid": 7}, {"ppid": 1}])
def test_only_this_very_process_is_signalled(change: dict[str, object]) -> None:
    system = FakeSystem()
    process = a_process(system)
    system.table[4711].record = structs.replace(process, **change)
    if "ppid" in change:
        system.signal(process, Signal.TERM)
        return
    with pytest.raises(ChangedError):
        system.signal(process, Signal.TERM)
    assert system.acts == []


def test_a_reused_pid_at_the_same_time_stamp_is_known_when_it_was_pinned() -> None:
    system = FakeSystem()
    process = a_process(system)
    system.pin(process)
    system.reuse(4711, process.argv)
    assert system.process(4711) == structs.replace(process)
    with pytest.raises(ChangedError):
        system.signal(process, Signal.KILL)
    assert system.wait_gone(process, 0.0)
    assert system.process(4711) is not None


def test_never_itself_nor_what_it_runs_in_nor_another_user_s() -> None:
    system = FakeSystem()
    caller = system.caller()
    for pid in (1, caller.pid, *caller.ancestors):
        process = system.process(pid)
        assert process is not None
        with pytest.raises(ChangedError):
            system.signal(process, Signal.TERM)
    foreign = system.add_process(4711, ("x",), uid=0).record
    with pytest.raises(StepError, match="not permitted"):
        system.signal(foreign, Signal.TERM)
    root = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    root.signal(root.add_process(4711, ("x",), uid=1000).record, Signal.TERM)
    assert root.process(4711) is None


def test_what_is_spawned_is_what_the_test_says() -> None:
    system = FakeSystem()
    system.add_program("server")
    system.on_spawn.append(lambda process: system.listen(process.pid, 5555))
    process = system.spawn(("server", "-p"), "/tmp", {"MARK": "1"}, "/tmp/server.log")
    assert system.detail(process).variable("MARK") == "1"
    assert system.detail(process).cwd == "/tmp"
    assert process.ppid == 1
    assert [socket.owners for socket in system.listeners().value] == [(process.pid,)]
    assert status(system, "/tmp/server.log").size == 0
    with pytest.raises(StepError):
        system.spawn(("nothing",), "/tmp", {}, "/tmp/server.log")


def test_resources_count_what_is_there() -> None:
    system = FakeSystem()
    a_process(system)
    system.add_zombie(4712, 4711)
    found = system.resources("/").value
    assert found is not None
    assert (found.process_count, found.zombie_count) == (len(system.table), 1)
    system.problems["processes"] = "not permitted"
    assert not system.processes().complete


# files


def test_replacing_makes_another_file_with_the_same_owner_and_mode() -> None:
    system = FakeSystem()
    system.add_file("/etc/x", b"old", mode=0o640, uid=7)
    before = status(system, "/etc/x")
    system.replace("/etc/x", b"new!", before, b"old")
    after = status(system, "/etc/x")
    assert (after.mode, after.uid, after.size) == (0o640, 7, 4)
    assert after.inode != before.inode
    with pytest.raises(ChangedError):
        system.replace("/etc/x", b"again", before, b"new!")
    with pytest.raises(ChangedError):
        system.replace("/etc/x", b"again", after, b"old")


def test_moving_aside_and_back_keeps_the_file() -> None:
    system = FakeSystem()
    system.add_file("/run/app/x.pid", b"1")
    folder, before = status(system, "/run/app"), status(system, "/run/app/x.pid")
    with pytest.raises(ChangedError):
        system.move_aside("/run/app/x.pid", before, b"2")
    aside = system.move_aside("/run/app", folder)
    assert system.status("/run/app/x.pid").value is None
    assert status(system, f"{aside}/x.pid") == before
    system.make_folder("/run/app")
    with pytest.raises(ChangedError):
        system.move_back(aside, "/run/app")
    system.remove_empty_folder("/run/app")
    system.move_back(aside, "/run/app")
    assert status(system, "/run/app/x.pid") == before


def test_symlinks_are_seen_by_status_and_followed_by_reading() -> None:
    system = FakeSystem()
    system.add_file("/srv/real/log", b"line")
    system.add_symlink("/srv/link", "real")
    system.add_symlink("/srv/round", "round")
    assert status(system, "/srv/link").kind is FileKind.SYMLINK
    assert status(system, "/srv/link/log").kind is FileKind.REGULAR
    assert system.read("/srv/link/log", 2, 1).value == b"in"
    assert system.resolve("/srv/link/../link/log") == "/srv/real/log"
    assert not system.read("/srv/round", 10).complete


def test_what_may_not_be_read_is_not_nothing() -> None:
    system = FakeSystem()
    system.add_folder("/private", unreadable=True)
    system.add_file("/private/x", b"1")
    system.add_file("/secret", b"1", unreadable=True)
    system.add_fifo("/pipe")
    assert (system.status("/private/x").complete, system.names("/private").complete) == (False, False)
    assert [system.read(path, 9).complete for path in ("/secret", "/pipe", "/absent")] == [False] * 3
    assert system.status("/secret").complete
    assert (system.names("/absent").complete, system.names("/absent").value) == (True, ())


def test_patterns_match_as_a_shell_does() -> None:
    system = FakeSystem()
    for path in ("/a/x.log", "/a/.hidden.log", "/a/b/y.log", "/a/b/c/z.txt"):
        system.add_file(path)
    assert system.paths("/a/*.log") == ("/a/x.log",)
    assert system.paths("/a/**/*.log") == ("/a/b/y.log", "/a/x.log")
    assert system.paths("/*/b/[xy].log") == ("/a/b/y.log",)
    assert system.paths("/a/none.log") == ()


def test_what_is_made_is_the_caller_s_and_only_where_there_was_nothing() -> None:
    system = FakeSystem()
    home = system.caller().home
    with pytest.raises(StepError):
        system.create(f"{home}/state/x", b"1")
    system.make_folder(f"{home}/state/deep", 0o700)
    system.create(f"{home}/state/deep/x", b"1", 0o600)
    made = status(system, f"{home}/state/deep/x")
    assert (made.mode, made.uid, status(system, f"{home}/state").mode) == (0o600, 1000, 0o700)
    with pytest.raises(ChangedError):
        system.create(f"{home}/state/deep/x", b"2")
    system.append(f"{home}/state/deep/x", b"2")
    assert system.content(f"{home}/state/deep/x") == b"12"
    with pytest.raises(ChangedError):
        system.remove(f"{home}/state/deep/x", made, b"1")
    system.read_only.add(home)
    with pytest.raises(StepError, match="Read-only"):
        system.append(f"{home}/state/deep/x", b"3")


def test_a_lock_is_held_by_one_and_says_by_whom() -> None:
    system = FakeSystem()
    with system.lock("/tmp/lock", b"me, since noon"):
        assert system.is_locked("/tmp/lock")
        with pytest.raises(ChangedError, match="since noon"), system.lock("/tmp/lock", b"you"):
            pass
        assert system.is_locked("/tmp/lock")
    assert not system.is_locked("/tmp/lock")


# commands and the network


def test_what_nobody_listed_fails_the_test() -> None:
    system = FakeSystem()
    system.add_process(4711, ("web",), listens=(80,))
    with pytest.raises(AssertionError, match="systemctl"):
        system.ask(("systemctl", "list-units"))
    with pytest.raises(AssertionError, match="http://localhost:80/"):
        system.get("http://localhost:80/", 1.0)
    assert len(UNEXPECTED) == 2
    UNEXPECTED.clear()


def test_a_program_that_is_not_there_does_not_run() -> None:
    answer = FakeSystem().ask(("/opt/nothing", "-x"))
    assert (answer.status, answer.problem) == (None, "/opt/nothing: No such file or directory")


def test_the_longest_beginning_answers() -> None:
    system = FakeSystem()
    system.add_command(("tool", "--version"), stdout="1.0\n")
    system.add_programs(("tool",), lambda argv, stdin: answered(argv, 2, stdin))
    system.add_programs(("tool", "list"), lambda argv, stdin: answered(argv, 0, "listed"))
    assert system.ask(("tool", "--version")).text == "1.0\n"
    assert system.ask(("tool", "list", "all")).text == "listed"
    assert system.command(("tool", "set"), 1.0, b"given", to_its_end=True).text == "given"
    assert system.asked == [("tool", "--version"), ("tool", "list", "all")]
    assert [act.subject for act in system.acts] == ["tool set"]


def test_nobody_answers_where_nobody_listens() -> None:
    system = FakeSystem()
    system.add_page("http://localhost:5555/health", body="ok", needs_listener=True)
    assert system.get("http://localhost:5555/health", 1.0).problem == "Connection refused"
    a_process(system)
    assert system.get("http://localhost:5555/health", 1.0).body == "ok"
    system.add_page("http://localhost:5555/hook", method="POST", status=202)
    assert system.post("http://localhost:5555/hook", b"{}", 1.0).status == 202
    assert [(act.act, act.detail) for act in system.acts] == [("post", "{}")]


def test_a_crontab_is_listed_and_installed_byte_for_byte() -> None:
    system = FakeSystem()
    crontab = FakeCrontab(system, {"root": b"# root's\n"})
    none = system.ask(("crontab", "-l"))
    assert (none.status, none.complaint) == (1, "no crontab for ghost")
    content = b"MAILTO=\t''\n*/5 * * * * x \xff\r\n"
    assert system.command(("crontab", "-"), 1.0, content, to_its_end=True).status == 0
    assert system.ask(("crontab", "-l")).stdout == content
    system.add_file("/tmp/tab", b"1 2 3 4 5 y\n")
    system.command(("crontab", "/tmp/tab"), 1.0)
    assert crontab.tabs["ghost"] == b"1 2 3 4 5 y\n"
    assert system.command(("crontab", "-"), 1.0, b"no newline", to_its_end=True).status == 1
    assert system.ask(("crontab", "-u", "root", "-l")).status == 1
    root = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    FakeCrontab(root, {"ghost": b"x\n"})
    assert root.ask(("crontab", "-u", "ghost", "-l")).stdout == b"x\n"
    crontab.refuses = "crontab: must be privileged\n"
    assert system.ask(("crontab", "-l")).complaint == "crontab: must be privileged"


# Pythons


def test_a_python_runs_a_probe_in_its_own_environment() -> None:
    system = FakeSystem()
    base = add_python(system, "/usr/bin/python3", ["flask"], "3.11.2")
    venv = add_venv(system, "/srv/.venv", base, ["flask"], damaged=["flask"])
    probe = "import sys, json; print(json.dumps([sys.prefix, sys.argv[1:], sys.version_info[:2]]))"
    assert system.ask(("/srv/.venv/bin/python", "-I", "-c", probe, "a")).text == (
        '["/srv/.venv", ["a"], [3, 11]]\n'
    )
    assert system.ask(("/usr/bin/python3", "-c", "import flask")).status == 0
    assert system.ask(("/srv/.venv/bin/python", "-c", "import flask")).status == 1
    assert "psutil" in system.ask(("/usr/bin/python3", "-c", "import psutil")).complaint
    system.command(("/srv/.venv/bin/python3", "-m", "pip", "install", "--no-input", "--", "psutil"), 9.0)
    assert sorted(venv.packages) == ["flask", "psutil"]
    assert system.ask(("/usr/bin/python3", "--version")).text == "Python 3.11.2\n"
    system.command(("/usr/bin/python3", "-m", "venv", "/srv/new"), 9.0)
    made = system.ask(("/srv/new/bin/python", "-c", "import sys; print(sys.prefix)"))
    assert made.text == "/srv/new\n"


def test_a_broken_venv_does_not_run() -> None:
    system = FakeSystem()
    base = add_python(system, "/usr/bin/python3")
    add_venv(system, "/srv/.venv", base, broken="No such file or directory: python3.9")
    assert system.ask(("/srv/.venv/bin/python", "-c", "pass")).status is None
    system.remove_path("/usr/bin/python3")
    assert system.ask(("/usr/bin/python3", "-c", "pass")).status is None


@pytest.mark.parametrize("platform", list(Platform))
def test_each_platform_has_its_own_ways(platform: Platform) -> None:
    system = FakeSystem(platform)
    assert system.host().platform == platform.value
    assert system.caller().home == ("/home/ghost" if platform is Platform.LINUX else "/Users/ghost")
    first = system.process(1)
    assert first is not None
    assert first.name == ("init" if platform is Platform.LINUX else "launchd")

"""``ghostfix run`` with genuine processes: it becomes the command, and there is never a second one."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.real.dialogue import Dialogue
from tests.real.ghost_house import GhostHouse, free_port, listens, wait_until

pytestmark = pytest.mark.real

SERVER = """
import os, signal, socket, sys, time
signal.signal(signal.SIGHUP, lambda *_: open("hups", "a").write("hup\\n"))
if "children" in sys.argv:
    if os.fork() == 0:
        time.sleep(60)
if "reads" in sys.argv:
    open("run/web.pid").read()
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open("up", "a").write(f"{os.getpid()}\\n")
if "fails" in sys.argv:
    sys.exit(3)
while True:
    signal.pause()
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = GhostHouse(tmp_path, free_port())
    house.write("server.py", SERVER)
    house.write(
        "ghostfix.toml",
        f"""
[services.web]
script = "server.py"
pidfiles = ["run/*.pid"]
ports = [{house.port}]
start = ["{sys.executable}", "server.py", "{house.port}"]

[services.web.limits]
processes = 100000
zombies = 100000
load_per_cpu = 1000
memory_percent = 100
disk_percent = 100
""",
    )
    try:
        yield house
    finally:
        house.close()


def run(house: GhostHouse, *words: str) -> "subprocess.Popen[bytes]":
    return house.start(sys.executable, "-m", "ghostfix", "run", *words)


def server(house: GhostHouse, *words: str) -> tuple[str, ...]:
    return ("web", "--", sys.executable, "server.py", str(house.port), *words)


def up(house: GhostHouse) -> list[int]:
    """The PIDs of all servers that have ever come up, in order."""
    path = house.folder / "up"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_it_becomes_the_command_and_a_second_call_says_so(house: GhostHouse) -> None:
    started = run(house)
    wait_until(lambda: listens(house.port), 20, "the server")
    assert up(house) == [started.pid]
    assert (house.folder / "run/web.pid").read_text() == f"{started.pid}\n\n"
    words = psutil.Process(started.pid).cmdline()
    assert words[1:] == ["server.py", str(house.port)], "no process of ghostfix is left"
    again = house.ghostfix("run", "web")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith(f"web runs already: pid {started.pid} of ")
    assert "server.py" in again.stdout
    failing = house.ghostfix("run", "--if-running=fail")
    assert (failing.returncode, failing.stdout) == (75, "")
    assert f"pid {started.pid} " in failing.stderr
    assert house.ghostfix("run", "web", "--quiet").stdout == ""


def test_kill_9_lets_the_next_one_in_at_once_though_children_live_on(house: GhostHouse) -> None:
    first = run(house, *server(house, "children"))
    wait_until(lambda: len(up(house)) == 1, 20, "the server")
    child = psutil.Process(first.pid).children()[0]
    first.kill()
    first.wait()
    # The child shows the same command line, as a leftover worker does: it is given a moment to end.
    child.kill()
    second = run(house)
    wait_until(lambda: len(up(house)) == 2, 20, "the next server")
    assert up(house) == [first.pid, second.pid]


@pytest.mark.parametrize("share", [True, False])
def test_a_child_that_stays_holds_the_lock_only_when_that_is_asked_for(
    house: GhostHouse, share: bool
) -> None:
    words = ("job", "--", sys.executable, "-c", "import os, time; os.fork(); time.sleep(60)")
    first = run(house, *["--share-lock"] * share, *words)
    wait_until(lambda: bool(psutil.Process(first.pid).children()), 20, "the child")
    first.kill()
    first.wait()
    second = run(house, "--if-running=fail", *words)
    if share:
        assert second.wait(20) == 75
    else:
        wait_until(lambda: bool(psutil.Process(second.pid).children()), 20, "the next one")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1])
def test_signals_reach_the_command_itself(house: GhostHouse, number: int) -> None:
    started = run(house)
    wait_until(lambda: len(up(house)) == 1, 20, "the server")
    started.send_signal(number)
    assert started.wait(10) == -number


def test_the_exit_status_is_the_command_s(house: GhostHouse) -> None:
    assert run(house, "web", "--", sys.executable, "-c", "raise SystemExit(42)").wait(20) == 42


def test_the_command_gets_a_plain_python_s_signals_and_descriptors(house: GhostHouse) -> None:
    """Python ignores SIGPIPE, and a program must not inherit that; nor descriptors but the lock's."""
    code = (
        "cat /proc/self/status | grep -E 'SigIgn|SigBlk'; ls /proc/self/fd | wc -w; pwd; echo $GHOSTFIX_RUN"
    )
    answer = house.ghostfix("run", "web", "--", "sh", "-c", code)
    lines = answer.stdout.splitlines()
    assert [int(line.split()[1], 16) for line in lines[:2]] == [0, 0]
    assert lines[2] == "5", "three of its own, the lock's, and ls's"
    assert lines[3] == str(house.folder)
    assert lines[4] == f"{(house.folder / 'run/web.pid').read_text().strip()}:{house.folder}/run/web.pid"


def test_a_service_that_reads_its_own_pid_file_is_still_the_only_one(house: GhostHouse) -> None:
    """To open and close it gives the kernel's lock up (fcntl(2)); who is named in it is looked at, too."""
    first = run(house, *server(house, "reads"))
    wait_until(lambda: len(up(house)) == 1, 20, "the server")
    assert str(first.pid) not in Path("/proc/locks").read_text().split()
    again = house.ghostfix("run", "web")
    assert again.stdout.startswith(f"web runs already, without the lock: pid {first.pid} "), again
    assert len(up(house)) == 1
    assert (house.folder / "run/web.pid").read_text() == f"{first.pid}\n\n"


def test_a_command_that_closes_what_it_inherits_is_found_each_time(house: GhostHouse) -> None:
    """As many daemons do; its name tells nothing, so all that is known of it is in the PID file."""
    code = (
        "import os, time; os.closerange(3, 1024); open('up', 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
    )
    words = ("web", "--", sys.executable, "-c", code)
    first = run(house, *words)
    wait_until(lambda: len(up(house)) == 1, 20, "the command")
    for _ in range(2):
        assert f"without the lock: pid {first.pid} " in house.ghostfix("run", *words).stdout
    assert len(up(house)) == 1


def test_one_that_was_started_by_hand_is_not_doubled(house: GhostHouse) -> None:
    by_hand = house.start(sys.executable, "server.py", str(house.port))
    wait_until(lambda: len(up(house)) == 1, 20, "the server")
    again = house.ghostfix("run")
    assert again.stdout.startswith(f"web runs already, without the lock: pid {by_hand.pid} ")
    assert not (house.folder / "run/web.pid").exists()


def test_whoever_waits_takes_over(house: GhostHouse) -> None:
    first = run(house)
    wait_until(lambda: len(up(house)) == 1, 20, "the server")
    second = run(house, "--if-running=wait")
    wait_until(lambda: f"-> POSIX  ADVISORY  WRITE {second.pid} " in locks(), 20, "the one that waits")
    first.kill()
    first.wait()
    wait_until(lambda: len(up(house)) == 2, 20, "its successor")
    assert up(house)[1] == second.pid


def locks() -> str:
    return Path("/proc/locks").read_text()


def test_a_command_that_is_not_there_leaves_nothing_behind(house: GhostHouse) -> None:
    answer = house.ghostfix("run", "web", "--", "no-such-program")
    assert answer.returncode == 2
    assert "no-such-program, which starts web, is not there" in answer.stderr
    (house.folder / "broken").write_text("#!/no/such/interpreter\n")
    (house.folder / "broken").chmod(0o755)
    answer = house.ghostfix("run", "web", "--", "./broken")
    assert "web cannot be started: ./broken: " in answer.stderr
    assert not (house.folder / "run/web.pid").exists()


def test_what_a_kill_9_leaves_is_no_more_than_a_note(house: GhostHouse) -> None:
    started = run(house)
    wait_until(lambda: listens(house.port), 20, "the server")
    path = house.folder / "run/web.pid"
    told = subprocess.run(["sh", "-c", f'kill -9 "$(cat {path})"'], check=False)  # as stop scripts do
    assert (told.returncode, started.wait(10)) == (0, -signal.SIGKILL)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = house.diagnose()
    assert "stale-pidfile" in found.codes("info")
    assert "stale-pidfile" not in found.codes("warning")
    run(house)
    wait_until(lambda: len(up(house)) == 2, 20, "the next one")
    assert "stale-pidfile" not in house.diagnose().codes()


def test_a_symlink_in_the_pid_file_s_place_is_refused(house: GhostHouse) -> None:
    (house.folder / "run").mkdir()
    (house.folder / "run/web.pid").symlink_to("/etc/passwd")
    answer = house.ghostfix("run")
    assert answer.returncode == 2
    assert "is a symlink" in answer.stderr


# --restart


def test_a_supervised_service_is_started_again_and_the_supervisor_is_no_rogue(house: GhostHouse) -> None:
    supervisor = run(house, "web", "--restart", "on-failure", "--backoff", "0.01s..0.05s")
    wait_until(lambda: listens(house.port), 20, "the server")
    (first,) = up(house)
    assert psutil.Process(first).ppid() == supervisor.pid
    assert (house.folder / "run/web.pid").read_text() == f"{supervisor.pid}\n\n"
    os.kill(supervisor.pid, signal.SIGHUP)
    wait_until(lambda: (house.folder / "hups").exists(), 10, "the signal that was passed on")
    found = house.diagnose()
    assert found.report["verdict"] == "healthy", found.codes()
    assert found.codes() - {"python-confusion"} == set()
    (restarter,) = found.rows("restarters")
    assert (restarter["kind"], restarter["id"]) == ("ghostfix", "run web")
    told = json.loads(house.ghostfix("why", str(first), "--json").stdout)
    (keeper,) = told["processes"][0]["kept_alive_by"]
    assert (keeper["kind"], keeper["id"], keeper["started"]) == ("ghostfix", "run web", True)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(10) == -signal.SIGTERM
    wait_until(lambda: not listens(house.port), 5, "the end of the server")
    assert not (house.folder / "run/web.pid").exists()


def test_a_service_that_was_killed_comes_back(house: GhostHouse) -> None:
    run(house, "web", "--restart", "on-failure", "--backoff", "0.05s")
    for count in (1, 2, 3):
        wait_until(lambda count=count: len(up(house)) == count, 20, "the server")  # type: ignore[misc]
        os.kill(up(house)[-1], signal.SIGKILL)
    wait_until(lambda: len(up(house)) == 4, 20, "the fourth")


def test_a_crash_loop_ends_and_says_so(house: GhostHouse) -> None:
    answer = house.ghostfix(
        "run", "--restart", "on-failure", "--max", "3", "--backoff", "0.01s..0.02s", *server(house, "fails")
    )
    assert answer.returncode == 3
    assert len(up(house)) == 4
    assert "it was started again 3 times within 300 s, which is the limit" in answer.stderr


def test_a_supervisor_starts_nothing_beside_workers_that_outlive_their_parent(house: GhostHouse) -> None:
    words = ("--restart", "on-failure", "--backoff", "0.01s", "--", sys.executable, "server.py")
    supervisor = run(house, "web", *words, str(house.port), "children")
    wait_until(lambda: len(up(house)) == 1, 20, "the server")
    (worker,) = psutil.Process(up(house)[0]).children()
    os.kill(up(house)[0], signal.SIGKILL)
    wait_until(lambda: not psutil.Process(supervisor.pid).children(), 10, "the end of the server")
    looks = voluntary_switches(supervisor.pid)
    wait_until(lambda: voluntary_switches(supervisor.pid) > looks + 5, 20, "some looks of the supervisor")
    assert len(up(house)) == 1
    worker.kill()
    wait_until(lambda: len(up(house)) == 2, 20, "the next one")


def voluntary_switches(pid: int) -> int:
    """How often a process has gone to sleep."""
    return int(psutil.Process(pid).num_ctx_switches().voluntary)


def test_no_orphan_is_left_when_the_supervisor_is_killed(house: GhostHouse) -> None:
    supervisor = run(house, "web", "--restart", "always")
    wait_until(lambda: len(up(house)) == 1, 20, "the server")
    (first,) = up(house)
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not psutil.pid_exists(first), 5, "the end of its child")
    run(house)
    wait_until(lambda: len(up(house)) == 2, 20, "the next one")


def test_a_supervisor_whose_parent_ignores_the_end_of_children(house: GhostHouse) -> None:
    """Such as some daemons: the kernel would reap the service before it could be asked how it ended."""
    code = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
        "os.execv(sys.executable, [sys.executable, '-m', 'ghostfix', *sys.argv[1:]])"
    )
    words = ("run", "--restart", "on-failure", "--max", "0", *server(house, "fails"))
    assert house.start(sys.executable, "-c", code, *words).wait(20) == 3


LISTENER = """
import os, signal
for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGWINCH, signal.SIGHUP):
    signal.signal(number, lambda number, _: open("heard", "a").write(f"{number}\\n"))
open("up", "a").write(f"{os.getpid()}\\n")
while True:
    signal.pause()
"""
IN_A_TERMINAL = "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execv(sys.argv[1], sys.argv[1:])"
"""Whoever leads a session and opens a terminal has it for its own."""


@pytest.mark.parametrize("redirected", [False, True])
def test_each_signal_reaches_a_supervised_service_once(house: GhostHouse, redirected: bool) -> None:
    """What the terminal sends, it sends to both; what kill(1) sends has to be passed on, there as well.

    Such is ``docker run -t`` with a STOPSIGNAL of its own, and a service with its input from /dev/null.
    """
    house.write("listener.py", LISTENER)
    words = ("run", "web", "--restart", "on-failure", "--", sys.executable, "listener.py")
    argv: tuple[str, ...] = (sys.executable, "-m", "ghostfix", *words)
    if redirected:
        argv = ("/bin/sh", "-c", 'exec "$@" < /dev/null', "sh", *argv)
    dialogue = Dialogue((sys.executable, "-c", IN_A_TERMINAL, *argv), house.folder, house.environment)
    wait_until(lambda: len(up(house)) == 1, 20, "the service")
    supervisor = psutil.Process(up(house)[0]).ppid()
    by_hand = (signal.SIGINT, signal.SIGWINCH, signal.SIGHUP)
    for number in by_hand:
        os.kill(supervisor, number)
        wait_until(lambda: len(heard(house)) % 2 == 1, 10, "the signal")
        os.kill(supervisor, signal.SIGUSR1)  # and nothing more before it
        wait_until(lambda: len(heard(house)) % 2 == 0, 10, "the next signal")
    dialogue.answer("\x03")
    wait_until(lambda: len(heard(house)) % 2 == 1, 10, "Ctrl-C")
    os.kill(supervisor, signal.SIGUSR1)
    wait_until(lambda: len(heard(house)) % 2 == 0, 10, "the last signal")
    assert heard(house) == [each for sent in (*by_hand, signal.SIGINT) for each in (sent, signal.SIGUSR1)]
    os.kill(supervisor, signal.SIGTERM)
    assert dialogue.end() == -signal.SIGTERM


def heard(house: GhostHouse) -> list[int]:
    path = house.folder / "heard"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_log_ends_no_supervision(house: GhostHouse) -> None:
    words = ("run", "--restart", "on-failure", "--max", "2", "--backoff", "0.01s", *server(house, "fails"))
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "ghostfix", *words], cwd=house.folder, stderr=full, timeout=60, check=False
        )
    assert (ended.returncode, len(up(house))) == (3, 3)


def test_options_of_a_restart_without_one_are_a_mistake(house: GhostHouse) -> None:
    answer = house.ghostfix("run", "--max", "3")
    assert answer.returncode == 2
    assert "add `--restart on-failure`" in answer.stderr


def as_a_new_user(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Ghostfix as a user who has never run it, in a home with nothing in it.

    That user may read everything, so that this Python is within reach wherever it lies, but write nothing.
    """
    capability = "+dac_read_search"
    drop = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    drop += ["--inh-caps", capability, "--ambient-caps", capability]
    return subprocess.run(
        [*drop, sys.executable, "-m", "ghostfix", *words],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        umask=0o022,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def home() -> Iterator[Path]:
    """The home folder of that user."""
    made = Path(tempfile.mkdtemp(prefix="ghostfix-home-"))
    account = pwd.getpwnam("nobody")
    os.chown(made, account.pw_uid, account.pw_gid)
    yield made
    shutil.rmtree(made)


needs_another_user = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become another user"
)


@needs_another_user
def test_a_run_and_a_repair_share_one_private_folder(home: Path) -> None:
    """Whichever of them makes it."""
    state = home / ".local/state/ghostfix"
    assert as_a_new_user(home, "run", "nightly", "--", "true").returncode == 0
    for folder in (state, state.parent, state.parent.parent):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    (home / "ghostfix.toml").write_text('[services.idle]\nscript = "idle.py"\nstart = ["sleep", "0"]\n')
    (home / "idle.py").write_text("")
    answer = as_a_new_user(home, "diagnose", "--keep")
    assert "kept" in answer.stdout + answer.stderr, answer.stderr
    assert as_a_new_user(home, "undo", "--list").returncode == 0


@needs_another_user
def test_a_folder_that_an_older_version_left_open_is_closed(home: Path) -> None:
    state = home / ".local/state/ghostfix"
    assert as_a_new_user(home, "run", "nightly", "--", "true").returncode == 0
    state.chmod(0o755)
    assert as_a_new_user(home, "run", "nightly", "--", "true").returncode == 0
    assert state.stat().st_mode & 0o777 == 0o700


# as root


@pytest.fixture
def somebody() -> Iterator[GhostHouse]:
    """A house of another user's, where that user can get to."""
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-run-"))
    account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o755)
    house = GhostHouse(folder, free_port())
    house.write("server.py", SERVER)
    try:
        yield house
    finally:
        house.close()
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("words", [(), ("--restart", "on-failure")])
def test_root_starts_it_as_its_owner(somebody: GhostHouse, tmp_path: Path, words: tuple[str, ...]) -> None:
    """As it repairs it; the profile is root's own."""
    profile = tmp_path / "ghostfix.toml"
    profile.write_text(
        f'[services.web]\ndirectory = "{somebody.folder}"\nscript = "server.py"\npidfiles = ["run/web.pid"]\n'
    )
    command = ("--", "/usr/bin/python3", "server.py", str(somebody.port))
    run(somebody, "web", "--config", str(profile), *words, *command)
    wait_until(lambda: len(up(somebody)) == 1, 20, "the server")
    process = psutil.Process(up(somebody)[0])
    uid = pwd.getpwnam("nobody").pw_uid
    assert set(process.uids()) == {uid}
    assert process.environ()["USER"] == "nobody"
    assert (somebody.folder / "run/web.pid").stat().st_uid == uid


TITLED = """
import ctypes, os, time
open("run/web.pid").close()  # and with that its lock is lost
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
start, end, environment_end = int(fields[45]), int(fields[46]), int(fields[48])
ctypes.memset(start, 0, environment_end - start)
ctypes.memmove(start, b"shop: idle", min(10, end - start - 1))
ctypes.CDLL(None).prctl(15, b"shop", 0, 0, 0)
open("up", "a").write(f"{os.getpid()}\\n")
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="writes over its memory as Linux lays it out")
def test_one_that_writes_over_its_face_and_has_lost_its_lock_is_not_started_twice(house: GhostHouse) -> None:
    house.write("titled.py", TITLED)
    words = ("web", "--", sys.executable, "titled.py", "padding" * 20)
    first = run(house, *words)
    wait_until(lambda: up(house) == [first.pid], 30, "the first")
    assert psutil.Process(first.pid).cmdline()[0] == "shop: idle"
    for _ in range(2):  # the second one finds what the first gave back
        second = house.ghostfix("run", *words)
        assert second.returncode == 0, second.stderr
        assert f"runs already, without the lock: pid {first.pid} " in second.stdout
    # Its file's time is no proof when the clock was set since; the start that is kept with it is.
    os.utime(house.folder / "run/web.pid", (1_600_000_000, 1_600_000_000))
    if os.listxattr(house.folder / "run/web.pid"):
        assert f"pid {first.pid} " in house.ghostfix("run", *words).stdout
    assert up(house) == [first.pid]


def test_a_supervised_service_that_is_deaf_is_killed_after_its_grace(house: GhostHouse) -> None:
    text = (house.folder / "ghostfix.toml").read_text()
    house.write("ghostfix.toml", text.replace("ports =", "stop = { grace = 0.5 }\nports ="))
    house.write("deaf.py", "import signal\nsignal.signal(15, signal.SIG_IGN)\n" + SERVER)
    command = ("web", "--restart", "always", "--", sys.executable, "deaf.py", str(house.port))
    supervisor = run(house, *command)
    wait_until(lambda: listens(house.port), 30, "the service")
    supervisor.terminate()
    assert supervisor.wait(20) == -signal.SIGKILL
    assert not listens(house.port)


def test_what_says_that_it_runs_may_go_unread(house: GhostHouse) -> None:
    """A cron line whose log is full fails for nothing."""
    first = run(house, *server(house))
    wait_until(lambda: up(house) == [first.pid], 30, "the first")
    with open("/dev/full", "wb") as full:
        second = subprocess.run(
            [sys.executable, "-m", "ghostfix", "run", *server(house)],
            cwd=house.folder,
            env=house.environment,
            stdout=full,
            stderr=full,
            timeout=60,
            check=False,
        )
    assert second.returncode == 0

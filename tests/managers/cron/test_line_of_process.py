from ghostfix.managers.cron.line_of_process import CrontabLine, attribute
from ghostfix.model.process import Process, ProcessDetail, ProcessId, ProcessTree, Variable
from tests.fake_system import FakeSystem

MINUTE = 1_772_956_800.0
COMMAND = "cd /srv && ./start.sh"


def line(
    schedule: str = "* * * * *", text: str = COMMAND, output: str | None = "/srv/ghost.log"
) -> CrontabLine:
    return CrontabLine(
        schedule=schedule, shell_text=text, user="alice", home="/home/alice", shell="/bin/sh", output=output
    )


def process(
    pid: int,
    ppid: int,
    *argv: str,
    started: float = MINUTE + 0.2,
    name: str = "python3",
    detail: ProcessDetail | None = None,
) -> Process:
    return Process(
        id=ProcessId(pid, started), ppid=ppid, name=name, argv=argv, uid=1000, user="alice", detail=detail
    )


INIT = process(1, 0, "/sbin/init", name="init", started=MINUTE - 99_999)
DAEMON = process(50, 1, "/usr/sbin/cron", "-f", name="cron", started=MINUTE - 9_999)
FORK = process(60, 50, "/usr/sbin/CRON", "-f", name="cron")
SHELL = process(61, 60, "/bin/sh", "-c", COMMAND, name="sh")
LOG_OPEN = ProcessDetail(open_files=("/srv/ghost.log",))


def started(ghosts: list[Process], lines: list[CrontabLine], *others: Process) -> tuple[tuple[int, ...], ...]:
    return attribute(FakeSystem(), ProcessTree((INIT, *others, *ghosts)), ghosts, lines)


def test_below_cron_the_shells_text_names_the_line() -> None:
    ghost = process(70, 61, "python3", "ghost.py", started=MINUTE + 400)
    lines = [line(text="./other.sh"), line("7 7 7 7 *")]
    assert started([ghost], lines, DAEMON, FORK, SHELL) == ((), (70,))


def test_below_cronie_as_well() -> None:
    daemon = process(50, 1, "/usr/sbin/crond", "-n", name="crond")
    fork = process(60, 50, "/usr/sbin/CROND", "-n", name="crond")
    ghost = process(70, 61, "python3", "ghost.py")
    assert started([ghost], [line()], daemon, fork, SHELL) == ((70,),)


def test_a_shell_that_became_the_command_is_told_by_the_schedule() -> None:
    ghost = process(70, 60, "python3", "ghost.py")
    lines = [line("0 5 * * *", "./a.sh"), line("* * * * *", "./b.sh"), line("", "./commented.sh")]
    assert started([ghost], lines, DAEMON, FORK) == ((), (70,), ())


def test_identical_lines_share_what_they_started() -> None:
    ghosts = [process(70, 61, "python3", "ghost.py"), process(71, 62, "python3", "ghost.py")]
    second = process(62, 60, "/bin/sh", "-c", COMMAND, name="sh")
    assert started(ghosts, [line(), line()], DAEMON, FORK, SHELL, second) == ((70,), (71,))


def test_an_orphan_is_told_by_the_minute_and_by_the_log_that_it_holds_open() -> None:
    ghost = process(70, 1, "python3", "ghost.py", detail=LOG_OPEN)
    assert started([ghost], [line(output="/srv/other.log"), line("0 5 * * 1"), line()]) == ((), (), (70,))


def test_the_minute_alone_is_no_trace_of_cron() -> None:
    ghost = process(70, 1, "python3", "ghost.py", detail=ProcessDetail(open_files=()))
    assert started([ghost], [line()]) == ((),)


def test_the_log_alone_is_no_trace_of_cron() -> None:
    ghost = process(70, 1, "python3", "ghost.py", started=MINUTE + 30, detail=LOG_OPEN)
    assert started([ghost], [line()]) == ((),)


def test_an_orphans_parent_below_init_was_started_on_the_minute() -> None:
    watchdog = process(65, 1, "bash", "watchdog.sh", name="bash")
    ghost = process(70, 65, "python3", "ghost.py", started=MINUTE + 500, detail=LOG_OPEN)
    assert started([ghost], [line()], watchdog) == ((70,),)


def test_without_a_log_the_environment_must_be_crons() -> None:
    given = (Variable("HOME", "/home/alice"), Variable("LOGNAME", "alice"), Variable("SHELL", "/bin/sh"))
    cron_like = process(70, 1, "python3", "ghost.py", detail=ProcessDetail(environment=given))
    typed = ProcessDetail(environment=(*given[:2], Variable("SHELL", "/bin/bash")))
    by_hand = process(71, 1, "python3", "ghost.py", detail=typed)
    looped = ProcessDetail(environment=(*given, Variable("TMUX", "/tmp/tmux-1000/default,1,0")))
    in_tmux = process(72, 1, "python3", "ghost.py", detail=looped)
    assert started([cron_like, by_hand, in_tmux], [line(output=None)]) == ((70,),)


def test_the_control_group_of_cron_outlives_the_parent() -> None:
    detail = ProcessDetail(control_group="/system.slice/cron.service")
    ghost = process(70, 1, "python3", "ghost.py", detail=detail)
    assert started([ghost], [line("0 5 * * 1"), line()]) == ((), (70,))


def test_what_hangs_below_a_login_is_not_crons() -> None:
    login = process(40, 1, "sshd", name="sshd", started=MINUTE - 77)
    ghost = process(70, 40, "python3", "ghost.py", detail=LOG_OPEN)
    assert started([ghost], [line()], login) == ((),)

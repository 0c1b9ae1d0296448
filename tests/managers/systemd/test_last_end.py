"""How a unit ended: from what ``systemctl show`` and the journal say, and what the machine lacks."""

import json

import pytest

from ghostfix.managers.systemd.end_words import first_unmet
from ghostfix.managers.systemd.exit_status import SETUP_FAILURES, signal_name, status_words
from ghostfix.managers.systemd.last_end import last_ends
from ghostfix.model.last_end import EndKind, LastEnd, LastLine
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from tests.fake_system import FakeSystem, answered
from tests.fake_systemctl import UNITS, FakeSystemctl

SHOP = Service(
    name="shop", profile="test", directory="/srv/shop", script="shop.py", manager="systemd:shop.service"
)
PROGRAM = "/srv/shop/run"
FILE = f"{UNITS}/shop.service"
FAILED = {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code", "ExecMainCode": "1"}
RUN = "1f0e"


def command(program: str = PROGRAM, code: str = "exited", status: int = 0) -> str:
    return (
        f"{{ path={program} ; argv[]={program} -x ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; "
        f"pid=7 ; code={code} ; status={status}/0 }}"
    )


class Box:
    """A machine with one unit that ended, and a journal."""

    def __init__(self, text: str = "", **values: str) -> None:
        self.system = FakeSystem()
        self.systemctl = FakeSystemctl(self.system)
        self.journal: list[dict[str, object]] = []
        self.asked = 0
        self.system.add_programs(("journalctl",), lambda words, _: self.read(words))
        text = text or f"[Service]\nExecStart={PROGRAM} -x\n"
        ended = {"ExecMainExitTimestampMonotonic": "1000000", "InvocationID": RUN, "ExecStart": command()}
        self.systemctl.add("shop.service", text, **{**ended, **values})

    def read(self, words: tuple[str, ...]) -> CommandAnswer:
        self.asked += 1
        return answered(words, 0, "\n".join(json.dumps(record) for record in self.journal))

    def says(self, message: str, *, run: str = RUN, at: float = 1_790_000_000, **more: object) -> None:
        """A line of the unit's own program."""
        stamp = f"{at * 1e6:.0f}"
        record = {"MESSAGE": message, "_SYSTEMD_INVOCATION_ID": run, "__REALTIME_TIMESTAMP": stamp}
        self.journal.append({**record, "SYSLOG_IDENTIFIER": "run", **more})

    def notes(self, message: str, *, run: str = RUN, **more: object) -> None:
        """A line of systemd's own."""
        record = {"MESSAGE": message, "INVOCATION_ID": run, "SYSLOG_IDENTIFIER": "systemd"}
        self.journal.append({**record, "__REALTIME_TIMESTAMP": "1790000000000000", **more})

    def reading(self) -> Reading[tuple[LastEnd, ...]]:
        return last_ends(self.system, SHOP, ())

    def end(self) -> LastEnd:
        reading = self.reading()
        assert reading.complete, reading.problem
        (end,) = reading.value
        return end


def with_status(status: int, text: str = "", program: str = PROGRAM) -> Box:
    shown = command(program, status=status)
    return Box(text, **FAILED, ExecMainStatus=str(status), ExecStart=shown)


def test_a_program_that_is_not_there() -> None:
    end = with_status(203).end()
    assert (end.kind, end.status, end.culprit) == (EndKind.NOT_STARTED, 203, PROGRAM)
    assert end.words == f"its program cannot be executed (203/EXEC): the program {PROGRAM} does not exist"
    assert str(end.place) == f"{FILE}:2"


def test_an_interpreter_that_is_not_there() -> None:
    box = with_status(203)
    box.system.add_file(PROGRAM, b"#!/srv/old/.venv/bin/python3\nimport shop\n", mode=0o755)
    end = box.end()
    assert end.culprit == "/srv/old/.venv/bin/python3"
    assert str(end.place) == f"{PROGRAM}:1"


def test_a_program_without_the_right_to_be_executed() -> None:
    box = with_status(203)
    box.system.add_file(PROGRAM, b"#!/bin/sh\n", mode=0o644)
    assert box.end().words.endswith(f"the program {PROGRAM} is not executable (mode 0644)")


@pytest.mark.parametrize(
    ("status", "setting", "culprit"),
    [
        (200, "WorkingDirectory=/srv/gone", "/srv/gone"),
        (209, "StandardOutput=append:/var/log/gone/shop.log", "/var/log/gone"),
        (216, "Group=nogroupatall", "nogroupatall"),
        (217, "User=nosuch", "nosuch"),
        (226, "ReadWritePaths=-/srv/may-lack /srv/spool-%N", "/srv/spool-shop"),
        (226, "BindPaths=/srv/from:/to", "/srv/from"),
    ],
)
def test_what_a_setting_names_and_the_machine_lacks(status: int, setting: str, culprit: str) -> None:
    box = with_status(status, f"[Service]\nExecStart={PROGRAM}\n{setting}\n")
    box.system.add_file("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    box.system.add_file("/etc/group", b"root:x:0:\n")
    end = box.end()
    assert (end.kind, end.culprit) == (EndKind.NOT_STARTED, culprit)
    assert str(end.place) == f"{FILE}:3"
    assert culprit in end.words


def test_what_is_there_now_is_no_culprit() -> None:
    box = with_status(217, f"[Service]\nExecStart={PROGRAM}\nUser=app\n")
    box.system.add_file("/etc/passwd", b"app:x:1000:1000::/home/app:/bin/sh\n")
    box.notes("shop.service: Failed to determine user credentials: No such process")
    end = box.end()
    assert end.culprit is None
    assert end.words.endswith("(217/USER): Failed to determine user credentials: No such process")


def test_an_environment_file_that_has_to_be_there() -> None:
    text = f"[Service]\nEnvironmentFile=-/etc/may.env\nEnvironmentFile=/etc/must.env\nExecStart={PROGRAM}\n"
    box = Box(
        text, ActiveState="failed", Result="resources", NRestarts="5", ExecMainExitTimestampMonotonic="0"
    )
    end = box.end()
    assert (end.kind, end.culprit, str(end.place)) == (EndKind.NOT_STARTED, "/etc/must.env", f"{FILE}:3")
    assert (end.starts, end.given_up, end.restarting) == (5, True, False)


def test_a_command_before_the_main_one() -> None:
    pre = command("/usr/bin/migrate", status=3)
    end = Box(ActiveState="failed", Result="exit-code", ExecStartPre=pre, ExecMainCode="0").end()
    assert (end.kind, end.status, end.command_phase) == (EndKind.EXITED, 3, "ExecStartPre")
    assert end.words == "ExecStartPre= failed: it exited with status 3"


def test_its_last_lines_are_those_of_its_last_run() -> None:
    box = with_status(1)
    box.says("an older trouble", run="0000")
    box.says("KeyError: 'DB'")
    box.notes("shop.service: Main process exited", EXIT_CODE="exited", EXIT_STATUS="1")
    end = box.end()
    assert end.lines == (LastLine("KeyError: 'DB'", 1_790_000_000),)
    assert end.log == "journalctl --unit=shop.service"


def test_bytes_in_the_journal_and_lines_that_are_no_records() -> None:
    box = with_status(1)
    box.says("x", MESSAGE=[104, 105, 255])
    box.journal.append({"MESSAGE": None, "_SYSTEMD_INVOCATION_ID": RUN})
    assert [line.text for line in box.end().lines] == ["hi\\xff"]


def test_a_signal_a_stop_and_the_want_of_memory() -> None:
    killed = Box(ActiveState="failed", Result="core-dump", ExecMainCode="3", ExecMainStatus="11").end()
    assert (killed.kind, killed.signal) == (EndKind.SIGNALLED, "SEGV")
    told = Box(ActiveState="inactive", Result="success", ExecMainCode="2", ExecMainStatus="15").end()
    assert told.kind is EndKind.STOPPED
    memory = Box(ActiveState="failed", Result="oom-kill", ExecMainCode="2", ExecMainStatus="9").end()
    assert memory.kind is EndKind.OUT_OF_MEMORY


def test_a_start_that_never_was_finished() -> None:
    text = f"[Service]\nType=forking\nPIDFile=/run/shop.pid\nExecStart={PROGRAM}\n"
    end = Box(text, ActiveState="failed", Result="timeout", Type="forking", PIDFile="/run/shop.pid").end()
    assert (end.kind, end.culprit, str(end.place)) == (EndKind.TIMED_OUT, "Type=forking", f"{FILE}:2")
    assert "PIDFile=/run/shop.pid is not there" in end.words


def test_a_run_just_after_a_restart_tells_of_the_one_before() -> None:
    box = Box(
        ActiveState="active",
        SubState="running",
        NRestarts="4",
        InvocationID="2222",
        ExecMainStartTimestampMonotonic=f"{FakeSystem().monotonic() * 1e6:.0f}",
    )
    box.says("loading")
    box.notes("Main process exited", EXIT_CODE="killed", EXIT_STATUS="9")
    box.notes("Failed with result 'signal'", UNIT_RESULT="signal")
    box.says("starting", run="2222")
    end = box.end()
    assert (end.kind, end.signal, end.restarting, end.starts) == (EndKind.SIGNALLED, "KILL", True, 4)
    assert [line.text for line in end.lines] == ["loading"]


@pytest.mark.parametrize(("lived", "runs_for", "restarting"), [(2, 3, True), (2, 5, False), (40, 60, True)])
def test_a_run_that_has_outlived_the_one_before_is_no_round_of_the_loop(
    lived: float, runs_for: float, restarting: bool
) -> None:
    system = FakeSystem()
    system.wait(100)
    began = system.monotonic()
    box = Box(
        ActiveState="active",
        SubState="running",
        NRestarts="4",
        InvocationID="2222",
        ExecMainStartTimestampMonotonic=f"{began * 1e6:.0f}",
    )
    box.system.wait(100 + runs_for)
    box.says("loading", at=1_790_000_000 - lived)
    box.notes("Main process exited", EXIT_CODE="exited", EXIT_STATUS="1")
    end = box.end()
    assert (end.status, end.starts, end.restarting) == (1, 4, restarting)


def test_a_unit_that_runs_well_has_no_last_end_and_no_journal_is_read() -> None:
    box = Box(ActiveState="active", SubState="running", NRestarts="0")
    assert box.reading() == Reading(())
    assert box.asked == 0


def test_a_unit_that_was_never_started_has_none() -> None:
    assert Box(ActiveState="inactive", ExecMainExitTimestampMonotonic="0").reading() == Reading(())


def test_a_unit_that_is_nowhere_and_one_that_is_masked() -> None:
    box = Box()
    del box.systemctl.units["shop.service"]
    assert box.end().words == "systemd has no unit of this name"
    masked = Box(LoadState="masked", ActiveState="inactive").end()
    assert masked.kind is EndKind.NOT_LOADABLE


def test_a_line_that_systemd_refuses() -> None:
    box = Box(LoadState="bad-setting", ActiveState="inactive")
    said = f"{FILE}:2: Neither a valid executable name nor an absolute path: relative/a.py"
    box.notes(said, run="", CONFIG_FILE=FILE, CONFIG_LINE="2")
    end = box.end()
    assert (end.kind, str(end.place)) == (EndKind.NOT_LOADABLE, f"{FILE}:2")
    assert "relative/a.py" in end.words


def test_a_condition_that_is_not_met() -> None:
    box = Box(
        f"[Unit]\nConditionPathExists=/etc/shop.d\n[Service]\nExecStart={PROGRAM}\n",
        ActiveState="inactive",
        ConditionResult="no",
        ConditionTimestampMonotonic="5",
        ExecMainExitTimestampMonotonic="0",
    )
    answer = 'a(sbbsi) 1 "ConditionPathExists" false false "/etc/shop.d" -1\n'
    box.system.add_programs(("busctl",), lambda words, _: answered(words, 0, answer))
    end = box.end()
    assert (end.kind, end.culprit, str(end.place)) == (EndKind.REFUSED, "/etc/shop.d", f"{FILE}:2")


def test_of_several_conditions_the_one_that_failed() -> None:
    said = (
        'a(sbbsi) 3 "ConditionUser" false false "root" 1 "ConditionHost" false true "a b" -1 '
        '"ConditionACPower" false false "true" 0'
    )
    assert first_unmet(said) == "ConditionHost=!a b"
    assert first_unmet("a(sbbsi) 0") == ""


def test_a_journal_that_does_not_answer_is_named_and_the_rest_stays() -> None:
    box = with_status(203)
    box.system.add_programs(("journalctl",), lambda words, _: answered(words, 1, b"", "Connection refused"))
    reading = box.reading()
    assert not reading.complete
    assert reading.problem == "journalctl did not answer for shop.service: Connection refused"
    assert [end.status for end in reading.value] == [203]


def test_a_profile_of_another_manager_asks_for_no_unit() -> None:
    box = with_status(203)
    assert last_ends(box.system, Service(name="x", profile="", directory="/x", script="x.py"), ()) == Reading(
        ()
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (3, "it exited with status 3"),
        (127, "it exited with status 127: a command that it runs was not found"),
        (78, "it exited with status 78: its configuration is not right: EX_CONFIG"),
        (137, "it exited with status 137: what a shell says of a command that SIGKILL ended"),
        (255, "it exited with status 255"),
    ],
)
def test_statuses_in_words(status: int, words: str) -> None:
    assert status_words(status) == words


def test_every_status_of_systemd_is_known() -> None:
    assert set(SETUP_FAILURES) == {*range(200, 223), *range(224, 234), *range(235, 245)}
    assert (signal_name(9), signal_name(31), signal_name(0), signal_name(64)) == ("KILL", "SYS", None, None)

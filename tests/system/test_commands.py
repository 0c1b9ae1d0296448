import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ghostfix.system import LocalSystem
from ghostfix.system.commands import MAX_OUTPUT, attach, run
from tests.system.genuine import is_zombie, wait_until

pytestmark = pytest.mark.real


def python(code: str, timeout: float = 20.0, stdin: bytes = b"") -> tuple[int | None, bytes, str | None]:
    answer = run((sys.executable, "-c", code), timeout, stdin=stdin)
    return answer.status, answer.stdout, answer.problem


def test_status_and_both_outputs() -> None:
    answer = run(("sh", "-c", "echo out; echo first >&2; echo last >&2; exit 3"), 20)
    assert (answer.status, answer.text, answer.complaint) == (3, "out\n", "last")


def test_standard_input_is_empty_or_what_was_given() -> None:
    code = "import sys; d = sys.stdin.buffer.read(); print(len(d), d[-3:])"
    assert python(code)[1] == b"0 b''\n"
    assert python(code, stdin=b"x" * 3_000_000 + b"end")[1] == b"3000003 b'end'\n"


def test_a_command_that_does_not_read_its_input() -> None:
    assert python("print('hi')", stdin=b"x" * 3_000_000) == (0, b"hi\n", None)


def test_what_a_command_wrote_just_before_it_ended_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at whether it has ended takes long, so that it ends between that and a look at its output."""
    poll = subprocess.Popen.poll

    def slow(process: subprocess.Popen[bytes]) -> int | None:
        time.sleep(0.05)
        return poll(process)

    monkeypatch.setattr(subprocess.Popen, "poll", slow)
    for hundredths in range(1, 20, 2):
        assert run(("sh", "-c", f"sleep 0.{hundredths:02}; echo hello"), 20).text == "hello\n"


def test_no_shell_and_an_english_locale() -> None:
    assert run(("echo", "$HOME; *"), 20).text == "$HOME; *\n"
    assert python("import os; print(os.environ['LC_ALL'])")[1] == b"C.UTF-8\n"


def test_too_slow_is_killed_with_all_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    answer = run(("sh", "-c", f"sleep 60 & echo $! > {note}; echo begun; wait"), 1.0)
    assert (answer.status, answer.stdout) == (None, b"begun\n")
    assert "1 s" in (answer.problem or "")
    system = LocalSystem()
    pid = int(note.read_text())
    wait_until(lambda: system.process(pid) is None or is_zombie(system, pid))


def test_without_end_of_output_it_is_cut_off() -> None:
    answer = run(("yes",), 20)
    assert (answer.status, len(answer.stdout)) == (None, MAX_OUTPUT)
    assert "8 MiB" in (answer.problem or "")
    assert "0.5 s" in (run(("sh", "-c", "while :; do echo x; done"), 0.5).problem or "")


def test_what_it_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    answer = run(("sh", "-c", f"sleep 60 & echo $! > {note}; echo done"), 50)
    os.kill(int(note.read_text()), 9)
    assert (answer.status, answer.stdout, answer.problem) == (0, b"done\n", None)


def test_what_cannot_be_run(tmp_path: Path) -> None:
    assert "No such file" in (run(("/nonexistent/x",), 5).problem or "")
    assert "folder" in (run(("true",), 5, cwd=str(tmp_path / "absent")).problem or "")
    assert run((), 5).problem is not None
    assert run(("a\0b",), 5).problem is not None
    (tmp_path / "x").write_text("")
    assert "denied" in (run((str(tmp_path / "x"),), 5).problem or "")


def test_death_by_a_signal_is_a_negative_status() -> None:
    assert run(("sh", "-c", "kill -9 $$"), 20).status == -9


def test_as_another_user() -> None:
    assert "no user" in (run(("id", "-u"), 20, user="no-such-user-here").problem or "")
    if os.getuid() != 0:
        assert "only root" in (run(("id", "-u"), 20, user="root").problem or "")
        return
    assert run(("id", "-u"), 20, user="root").text == "0\n"
    answer = run(("sh", "-c", "id -un; id -G; echo $HOME $USER"), 20, user="nobody")
    name, groups, home = answer.text.splitlines()
    assert (name, home.split()[-1]) == ("nobody", "nobody")
    assert "0" not in groups.split()


def test_attach_gives_the_exit_status(tmp_path: Path) -> None:
    assert (
        attach(
            ("sh", "-c", "test $PWD = $WANTED && exit 7"),
            str(tmp_path),
            {"WANTED": str(tmp_path), "PATH": os.environ["PATH"]},
        )
        == 7
    )


def test_our_own_python_does_not_mislead_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    monkeypatch.setenv("PYTHONPATH", "/ours")
    assert python("import sys; print('/ours' in sys.path)")[1] == b"False\n"


FEEDING = """
import sys
from ghostfix.system.commands import run
words = ("sh", "-c", 'echo > started; read line < gate; cat > installed; echo > ended', "sh")
run(words, float(sys.argv[1]), stdin=b"whole " * 100_000, to_its_end=True)
"""


def feeding(folder: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """A ghostfix whose command has started, and reads nothing yet."""
    os.mkfifo(folder / "gate")
    process = subprocess.Popen(
        [sys.executable, "-c", FEEDING, str(seconds)], cwd=folder, stderr=subprocess.DEVNULL
    )
    wait_until((folder / "started").exists)
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_command_has_the_whole_of_its_input_whatever_ends_us(tmp_path: Path, number: int) -> None:
    with feeding(tmp_path, 60) as process:
        process.send_signal(number)
        if number != signal.SIGINT:  # after an interruption we wait for it ourselves
            process.wait()
        (tmp_path / "gate").write_text("go\n")
        wait_until((tmp_path / "ended").exists)
    assert (tmp_path / "installed").read_bytes() == b"whole " * 100_000


def test_who_interrupts_twice_does_not_wait(tmp_path: Path) -> None:
    with feeding(tmp_path, 600) as process:
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    assert not (tmp_path / "installed").exists()


def test_a_command_that_is_let_come_to_its_end_may_tidy_up_before_it_is_killed(tmp_path: Path) -> None:
    words = ("sh", "-c", f"trap 'echo tidied > {tmp_path}/note; exit 1' INT; while :; do sleep 0.05; done")
    answer = run(words, 0.5, to_its_end=True)
    assert (answer.status, answer.problem) == (None, "did not end within 0.5 s")
    assert (tmp_path / "note").read_text() == "tidied\n"
    deaf = run(("sh", "-c", "trap '' INT; while :; do sleep 0.05; done"), 0.5, to_its_end=True)
    assert deaf.status is None


def test_where_memory_is_refused_the_input_lies_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(name: str, flags: int = 0) -> int:
        raise PermissionError(13, "vm.memfd_noexec")

    monkeypatch.setattr(os, "memfd_create", refused, raising=False)
    test_standard_input_is_empty_or_what_was_given()

import os
import subprocess
import sys
import time
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

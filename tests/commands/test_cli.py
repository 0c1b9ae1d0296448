"""The program as it meets its user: help, typing errors, pipes. Each runs the program itself."""

import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from ghostfix.commands.application import COMMANDS, app


def ghostfix(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs it without a terminal, with a state folder of its own."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "80", **variables}
    return subprocess.run(
        [sys.executable, "-m", "ghostfix", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_command_is_listed_and_explains_itself(tmp_path: Path) -> None:
    listed = ghostfix(tmp_path, "--help").stdout
    assert [name for name in COMMANDS if name not in listed] == []
    for name in COMMANDS:
        answer = ghostfix(tmp_path, name, "--help")
        assert answer.returncode == 0
        assert "Example: ghostfix" in answer.stdout
        assert "[[" not in answer.stdout, "an optional argument has one pair of brackets"
        assert max(len(line) for line in answer.stdout.splitlines()) <= 80


WRONG = {
    "a misspelt command": (("diagnos",), 2, "Did you mean 'diagnose'?"),
    "a misspelt option": (("diagnose", "--formt", "json"), 2, "--format"),
    "a misspelt format": (("diagnose", "--format", "jsn"), 2, "did you mean `json`?"),
    "a misspelt check": (("diagnose", "--only", "stale-pidfil"), 2, "did you mean `stale-pidfile`?"),
    "an unknown check": (("explain", "xyz"), 2, "`ghostfix explain` lists the codes"),
    "an unknown service": (("diagnose", "nosuch"), 2, "ghost-runner"),
    "a missing profile": (("diagnose", "--config", "nope.toml"), 2, "there is no such file"),
    "no duration": (("diagnose", "--observe", "5x"), 2, "10s, 5m or 1h"),
    "no target": (("why",), 2, "Missing argument"),
    "an empty target": (("why", ""), 2, "It takes a PID (4711), a port (:5555)"),
    "no port": (("why", ":http"), 2, "`:5555`"),
    "no process": (("why", "4194304"), 2, "there is no process 4194304"),
    "no kept report": (("report", "nosuch"), 2, "`ghostfix report --list` shows"),
    "nothing to compare": (("diff", "nosuch", "nosuch"), 2, "neither a repair's id nor"),
    "a misspelt run": (("undo", "nosuch"), 2, "`ghostfix undo --list` shows"),
}


@pytest.mark.parametrize(("words", "code", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_answered_with_what_to_type(
    tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    answer = ghostfix(tmp_path, *words)
    assert answer.returncode == code
    assert says in " ".join(answer.stderr.replace("│", " ").split())
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr


def test_no_colour_goes_into_a_pipe(tmp_path: Path) -> None:
    for words in (("--help",), ("why", str(os.getpid())), ("explain",)):
        assert "\x1b" not in ghostfix(tmp_path, *words).stdout
        assert "\x1b" not in ghostfix(tmp_path, *words, NO_COLOR="1").stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    script = f"{sys.executable} -m ghostfix explain | true; echo ${{PIPESTATUS[0]}}"
    answer = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.stderr == ""
    assert answer.stdout == "0\n"


def test_an_output_that_is_ascii_only_still_works(tmp_path: Path) -> None:
    answer = ghostfix(tmp_path, "why", str(os.getpid()), PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert answer.returncode == 0
    assert answer.stdout.isascii()


def test_the_version(tmp_path: Path) -> None:
    from ghostfix import __version__

    assert ghostfix(tmp_path, "--version").stdout == f"ghostfix {__version__}\n"


@pytest.mark.real
def test_html_is_not_poured_into_a_terminal_nor_escapes_into_a_dumb_one(tmp_path: Path) -> None:
    (tmp_path / "ghostfix.toml").write_text('[services.web]\ncommand = ["/opt/no/such/service"]\n')
    code, said = in_terminal(tmp_path, "diagnose", "--format", "html")
    assert (code, "--output report.html" in said, "<html" in said) == (2, True, False)
    code, said = in_terminal(tmp_path, "diagnose")
    assert (code, "DOWN" in said, "\x1b" in said) == (1, True, False)


def in_terminal(folder: Path, *words: str) -> tuple[int, str]:
    """The exit code, and all that a terminal of the kind ``dumb`` was sent."""
    near, far = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "ghostfix", *words],
        cwd=folder, stdin=far, stdout=far, stderr=far, env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    os.close(far)
    said = b""
    with contextlib.suppress(OSError):  # Linux says so when nobody has the other end any more
        while part := os.read(near, 65_536):
            said += part
    os.close(near)
    return child.wait(timeout=60), said.decode(errors="replace")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_first_sentence_of_its_help(name: str) -> None:
    group = typer.main.get_command(app)
    listed = group.commands[name]  # type: ignore[attr-defined]
    own = " ".join((listed.load().help or "").partition("\n\n")[0].split())
    assert own == listed.help == COMMANDS[name]


@pytest.mark.real
def test_an_interrupt_is_said_whatever_was_typed(tmp_path: Path) -> None:
    """The reader knows that it did not end by itself. It is sent while the service's health is waited for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        (tmp_path / "ghostfix.toml").write_text(
            f'[services.web]\ncommand = ["/opt/no/such"]\nhealth = {{ url = "{url}", timeout = 60 }}\n'
        )
        asked = subprocess.Popen(
            [sys.executable, "-m", "ghostfix", "diagnose", "web", "--format", "json"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = server.accept()
        with connection:
            asked.send_signal(signal.SIGINT)
            output, complaint = asked.communicate(timeout=60)
    assert (asked.returncode, output, complaint) == (130, "", "ghostfix: interrupted\n")

"""What a command line runs, read from its words."""

import pytest

from ghostfix.model.invocation import read_argv, read_command


@pytest.mark.parametrize(
    ("words", "module", "script", "code"),
    [
        ("python -m app.main --port 1", "app.main", None, None),
        ("/v/bin/python3.12 -um app.main", "app.main", None, None),
        ("python -Bmapp.main", "app.main", None, None),
        ("python -W ignore -X dev server.py -m other", None, "server.py", None),
        ("python -c pass -m app.main", None, None, "pass"),
        ("python --check-hash-based-pycs always server.py", None, "server.py", None),
        ("python", None, None, None),
        ("node --require x.js server.js", None, "server.js", None),
        ("node -e 1 server.js", None, None, "1"),
        ("bash -e watchdog.sh", None, "watchdog.sh", None),
        ("bash -o pipefail watchdog.sh", None, "watchdog.sh", None),
        ("sh -c x", None, None, "x"),
        ("bash -lc x", None, None, "x"),
        ("vim server.py", None, None, None),
        ("tail -f server.py", None, None, None),
    ],
)
def test_what_a_process_runs_itself(
    words: str, module: str | None, script: str | None, code: str | None
) -> None:
    invocation = read_argv(words.split())
    assert invocation is not None
    assert (invocation.module, invocation.script, invocation.code) == (module, script, code)


@pytest.mark.parametrize(
    "words",
    [
        "nohup python server.py",
        "env A=1 B=2 python server.py",
        "A=1 python server.py",
        "timeout -k 5 30s python server.py",
        "nice -n 10 ionice -c 3 python server.py",
        "flock -n /run/x.lock python server.py",
        "sudo -u www python server.py",
        "uv run python server.py",
        "exec setsid python server.py",
        "stdbuf -oL -- python server.py",
    ],
)
def test_what_a_command_runs_in_the_end(words: str) -> None:
    invocation = read_command(words.split())
    assert invocation is not None
    assert invocation.script == "server.py"


def test_a_wrapper_s_process_is_not_what_it_wraps() -> None:
    invocation = read_argv(("timeout", "30", "python", "server.py"))
    assert invocation is not None
    assert invocation.script is None
    assert not invocation.is_python


def test_nothing_runs_nothing() -> None:
    assert read_argv(()) is None
    assert read_argv(("",)) is None
    assert read_command(("nohup",)) is None
    assert read_command(("A=1",)) is None

"""Reading scripts: what they run, where it stands, and what surrounds it."""

from collections.abc import Mapping

import pytest

from ghostfix.managers.register import SIGNS
from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence
from ghostfix.scripts.python_script import read_python
from ghostfix.scripts.script import (
    SIZE_LIMIT,
    Command,
    Language,
    Scene,
    Script,
    every,
    language_of,
    seconds,
    shebang,
)
from ghostfix.scripts.shell_script import read_shell

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
FILE = "/srv/app/bin/run.sh"


def shell(
    text: str,
    arguments: tuple[str, ...] | None = (),
    files: Mapping[str, str] | None = None,
    cwd: str = "/srv",
) -> Script:
    known = files or {}
    scene = Scene(file=FILE, cwd=cwd, arguments=arguments, home="/home/ann", managers=SIGNS)
    return read_shell(text.encode(), scene, lambda path: known[path].encode() if path in known else None)


def run(script: Script, program: str = "start") -> list[Command]:
    return [command for command in script.commands if command.words[0] == program]


def one(text: str, program: str = "start", arguments: tuple[str, ...] | None = ()) -> Command:
    found = run(shell(text, arguments), program)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("text", "words", "confidence"),
    [
        ("start a 'b c' \"d\"", ("start", "a", "b c", "d"), CERTAIN),
        ("start a\\ b $'x\\ty'", ("start", "a b", "x\ty"), CERTAIN),
        ('D=/x\nstart "$D/y"', ("start", "/x/y"), CERTAIN),
        ("D=/x; E=${D}/z; start $E", ("start", "/x/z"), CERTAIN),
        ("start ${P:-5555}", ("start", "5555"), LIKELY),
        ('start "${1:-now}"', ("start", "now"), CERTAIN),
        ("start $UNKNOWN", ("start", "$UNKNOWN"), POSSIBLE),
        ("X='a b'; start $X", ("start", "a", "b"), CERTAIN),
        ("X='a b'; start \"$X\"", ("start", "a b"), CERTAIN),
        ('A=(x "y z"); A+=(w); start "${A[@]}"', ("start", "x", "y z", "w"), CERTAIN),
        ('start "$(dirname "$0")/main.py"', ("start", "/srv/app/bin/main.py"), CERTAIN),
        ("start ${0%/*} ${0##*/}", ("start", "/srv/app/bin", "run.sh"), CERTAIN),
        ('H="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"; start $H', ("start", "/srv/app"), CERTAIN),
        ("start `pwd`/x", ("start", "/srv/x"), CERTAIN),
        ("start ~/bin", ("start", "/home/ann/bin"), LIKELY),
        ("start $(date +%s)", ("start", "$(date +%s)"), POSSIBLE),
        ("X=1; X=2; start $X", ("start", "2"), LIKELY),
        ("start \\\n  --long \\\n  x", ("start", "--long", "x"), CERTAIN),
        ('start $# "$@"', ("start", "0"), CERTAIN),
        ("P=$(which python3); start $P", ("start", "python3"), LIKELY),
    ],
)
def test_words(text: str, words: tuple[str, ...], confidence: Confidence) -> None:
    command = one(text)
    assert (command.words, command.confidence) == (words, confidence)


@pytest.mark.parametrize(
    "text",
    [
        "# start",
        "echo start; printf '%s' start",
        "cat <<EOF\nstart\nEOF",
        "cat > x.sh <<'EOF'\nstart\nEOF",
        "f() { start; }",
        "if false; then start; fi",
        "exit 0\nstart",
        "true || start",
        '[ "$1" = go ] && start',
        'case "$1" in go) start;; esac',
        "while false; do start; done",
        "X=start",
        "alias s=start",
        "exec other\nstart",
        "exit 0; }; start",
    ],
)
def test_what_is_not_run(text: str) -> None:
    assert run(shell(text)) == []


@pytest.mark.parametrize(
    ("arguments", "started"), [(("go",), True), (("stop",), False), ((), False), (None, True)]
)
def test_a_case_on_an_argument_is_decided_when_the_argument_is_known(
    arguments: tuple[str, ...] | None, started: bool
) -> None:
    script = shell('case "$1" in\n  go|run) start;;\n  *) other;;\nesac', arguments)
    assert bool(run(script)) is started


def test_functions_are_read_where_they_are_called_with_their_arguments() -> None:
    script = shell('launch() { start "$1" --port "$2"; }\nlaunch a 1\nlaunch b 2 &')
    assert [command.words[1] for command in run(script)] == ["a", "b"]
    assert [command.background for command in run(script)] == [False, True]
    assert {command.line for command in run(script)} == {1}


@pytest.mark.parametrize(
    ("text", "cwd"),
    [
        ("start", "/srv"),
        ("cd app; start", "/srv/app"),
        ("cd app && start", "/srv/app"),
        ("cd /a/b/.. || exit 1\nstart", "/a"),
        ("(cd /a); start", "/srv"),
        ("cd /a; (cd /b; start)", "/b"),
        ("pushd /a; popd; start", "/srv"),
        ("cd; start", "/home/ann"),
        ("cd $NOWHERE; start", None),
        ('cd "$(dirname "$0")"; start', "/srv/app/bin"),
        ("f() { cd /a; }; f; start", "/a"),
    ],
)
def test_the_working_directory_is_followed(text: str, cwd: str | None) -> None:
    assert one(text).cwd == cwd


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("while true; do start; sleep 5; done", (1, 5.0)),
        ("while :\ndo\n start\n sleep 2m\ndone", (1, 120.0)),
        ("I=30\nwhile [ 1 ]; do start; sleep $I; done", (2, 30.0)),
        ("until start; do sleep 1; done", (1, 1.0)),
        ("while sleep 7; do start; done", (1, 7.0)),
        ("for ((;;)); do start; done", (1, None)),
        ("for i in a; do start; sleep 3; done", (1, 3.0)),
        ("while true; do start; for i in 1 2; do sleep 9; done; sleep 4; done", (1, 4.0)),
        ("f() { start; }\nwhile true; do f; sleep $UNKNOWN; done", (2, None)),
        ("tail -F log | while read l; do start; done", (1, None)),
        ("(while true; do start; done) &", (1, None)),
        ("while true; do (sleep 1; start); sleep 2; done", (1, 2.0)),
        ("while true; do X=$(start); sleep 6; done", (1, 6.0)),
        ("while read l; do start; done < list", None),
        ("for i in a; do start; done", None),
        ("start; while true; do sleep 1; done", None),
        ("while true; do sleep 1; done & start", None),
    ],
)
def test_loops(text: str, loop: tuple[int, float | None] | None) -> None:
    found = one(text).loop
    assert (None if found is None else (found.line, found.interval)) == loop


@pytest.mark.parametrize("text", ["f() { start; sleep 1; f; }; f", 'start\nexec "$0" "$@"', "start; exec $0"])
def test_what_calls_itself_loops(text: str) -> None:
    assert one(text).loop is not None


@pytest.mark.parametrize(
    "text",
    [
        "pgrep -f x || start",
        "if ! pgrep -f x >/dev/null; then start; fi",
        "if pgrep x; then :; else start; fi",
        "if pgrep x; then exit 0; fi\nstart",
        "pgrep x && exit\nstart",
        "pgrep x; if [ $? -ne 0 ]; then start; fi",
        'P=$(pidof x); [ -z "$P" ] && start',
        "if [ -f run.pid ]; then exit; fi; start",
        "if kill -0 $P 2>/dev/null; then exit; fi; start",
        "curl -sf http://localhost/health || start",
        "systemctl is-active x || start",
        "up() { pgrep x; }; up || start",
        "up() { pgrep x; return $?; }\nup\nif [ $? = 1 ]; then start; fi",
        "while true; do if pgrep x; then sleep 1; continue; fi; start; done",
        "exec 9>lock; flock -n 9 || exit 1; start",
        "mkdir /tmp/x.lock || exit; start",
        "N=$(ps aux | grep x | wc -l); if [ $N -lt 1 ]; then start; fi",
        "while pgrep x; do sleep 1; done; start",
        "while ! curl http://x; do start; sleep 1; done",
    ],
)
def test_a_check_that_comes_first(text: str) -> None:
    assert one(text).guard


@pytest.mark.parametrize(
    "text",
    [
        "start",
        "pgrep x; start",
        "if [ -d logs ]; then start; fi",
        "pgrep x || echo none; start",
        "while true; do start; sleep 1; done",
        "mkdir logs || exit; start",
        "for i in a; do pgrep x && continue; done; start",
        "f() { pgrep x && return; }; f; start",
        "(pgrep x && exit); start",
        "kill -9 $P; start",
    ],
)
def test_no_check_comes_first(text: str) -> None:
    assert one(text).guard == ""


def test_sourced_files_are_read_with_the_variables_of_both() -> None:
    files = {"/srv/lib.sh": 'P=7\nlaunch() {\n  start "$P" "$Q"\n}'}
    script = shell("Q=8\n. ./lib.sh\nlaunch", files=files)
    command = run(script)[0]
    assert (command.words, command.file, command.line) == (("start", "7", "8"), "/srv/lib.sh", 3)
    assert command.text == 'start "$P" "$Q"'
    assert [str(place) for place in command.via] == [f"{FILE}:3"]


def test_a_start_in_a_sourced_file_names_the_line_that_sources_it() -> None:
    command = run(shell("# first\nsource /x/lib.sh", files={"/x/lib.sh": "start"}))[0]
    assert [str(place) for place in command.via] == [f"{FILE}:2"]


def test_a_file_that_sources_itself_ends() -> None:
    assert len(run(shell(". /x/a", files={"/x/a": "start\n. /x/a"}))) == 1


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("start > out.log 2>&1", "/srv/out.log"),
        ("start >> /x/out.log &", "/x/out.log"),
        ("start &>> o", "/srv/o"),
        ("start 2> errors", None),
        ("exec >> all.log 2>&1\nstart", "/srv/all.log"),
        ("{ start; } > o", "/srv/o"),
        ("start | tee o", None),
    ],
)
def test_where_the_output_goes(text: str, output: str | None) -> None:
    assert one(text).output == output


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("cd /srv/a && start >>a.log 2>&1", "/srv/a/a.log"),
        ("cd /srv && cd b && start > ../c.log", "/srv/c.log"),
        ("cd /srv/a && { start; } >>a.log", "/srv/a/a.log"),
        ("test -d /srv/a || start >/tmp/x.log", "/tmp/x.log"),
    ],
)
def test_redirections_behind_a_list_are_its_last_command_s(text: str, output: str) -> None:
    assert one(text).output == output


@pytest.mark.parametrize(
    ("text", "stdin"),
    [
        ("start <<EOF\nhello\nEOF", "hello\n"),
        ("start <<< hello", "hello"),
        ("echo hello | start", "hello"),
        ("cat <<EOF | start\nhello\nEOF", "hello\n"),
        ("X=y; start <<EOF\na $X\nEOF", "a y\n"),
        ("X=y; start <<'EOF'\na $X\nEOF", "a $X\n"),
        ("ls | start", None),
    ],
)
def test_what_is_fed(text: str, stdin: str | None) -> None:
    assert one(text).stdin == stdin


def test_eval_and_traps_are_read() -> None:
    assert one('C="start x"\neval "$C"').words == ("start", "x")
    assert one('C="start x"\neval "$C"').line == 2
    trap = one("trap 'start again' EXIT")
    assert (trap.words, trap.confidence) == (("start", "again"), LIKELY)


def test_exported_variables_are_given_to_commands() -> None:
    command = one("export A=1; B=2; C=3 start")
    assert command.variables == (Variable("A", "1"), Variable("C", "3"))


@pytest.mark.parametrize("text", ["start\nif [ ; then", "start\nfi", "while true; do start", "start )("])
def test_a_script_that_the_shell_refuses_is_a_guess(text: str) -> None:
    script = shell(text)
    assert script.problem is not None
    assert run(script)
    assert all(command.confidence is not CERTAIN for command in run(script))


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xff\xfe\x00start\n",
        bytes(range(256)) * 40,
        b"(" * 5000,
        b'"$(' * 3000,
        b"<<EOF\n" * 5000,
        b"while true; do\n" * 200,
        b"f() { f; f; }; f\n" * 50,
        b"for a in 1 2 3 4 5 6 7 8 9; do " * 12 + b"x;" + b"done;" * 12,
        b"a=$(b) " * 3000,
        b"".join(b"f%d(){ f%d; f%d; }\n" % (n, n + 1, n + 1) for n in range(40)) + b"f0",
    ],
)
def test_no_text_is_too_strange(source: bytes) -> None:
    script = read_shell(source, Scene(), lambda path: None)
    assert len(script.commands) <= 8_000


def test_a_script_that_is_too_long_is_cut_and_says_so() -> None:
    script = read_shell(b"start\n" + b"#" * SIZE_LIMIT, Scene(), lambda path: None)
    assert run(script)
    assert script.problem is not None


def test_undecodable_bytes_stay_recognisable() -> None:
    script = read_shell(b"start caf\xe9\n", Scene(), lambda path: None)
    assert script.commands[0].words == ("start", "caf\\xe9")


# Python


def python(text: str) -> list[Command]:
    scene = Scene(file="/srv/app/w.py", cwd="/srv", home="/home/ann")
    return list(read_python(("import os, subprocess, sys, time\n" + text).encode(), scene).commands)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('subprocess.run(["a", "b c"])', ("a", "b c")),
        ('subprocess.Popen([sys.executable, "-m", "x"])', ("python3", "-m", "x")),
        ('subprocess.call("a b", shell=True)', ("/bin/sh", "-c", "a b")),
        ('os.system("a b")', ("/bin/sh", "-c", "a b")),
        ('os.execvp("a", ["a", "b"])', ("a", "b")),
        ('os.execl("/bin/a", "a", "b")', ("/bin/a", "b")),
        ('os.spawnv(os.P_NOWAIT, "/bin/a", ["a", "b"])', ("/bin/a", "b")),
        ('C = ["a"] + ["b"]\nsubprocess.run(C)', ("a", "b")),
        ('D = os.path.dirname(os.path.abspath(__file__))\nsubprocess.run([D + "/x"])', ("/srv/app/x",)),
        ("from pathlib import Path\nsubprocess.run([Path(__file__).parent / 'x'])", ("/srv/app/x",)),
        ('P = 5\nsubprocess.run(["a", f"--p={P}"])', ("a", "--p=5")),
        ("import shlex\nsubprocess.run(shlex.split(\"a 'b c'\"))", ("a", "b c")),
        ('subprocess.run("a b".split())', ("a", "b")),
        ('def go(c):\n  subprocess.run(c)\ngo(["a", "b"])', ("a", "b")),
        ('S = {"w": {"cmd": ["a", "b"]}}\ndef main(n):\n  subprocess.run(S[n]["cmd"])', ("a", "b")),
        ('class W:\n  def run(self):\n    self.c = ["a"]\n    subprocess.run(self.c)', ("a",)),
        ('import asyncio\nasyncio.create_subprocess_exec("a", "b")', ("a", "b")),
    ],
)
def test_python_commands(text: str, words: tuple[str, ...]) -> None:
    assert [command.words for command in python(text)] == [words]


def test_python_that_is_never_called_or_only_text_runs_nothing() -> None:
    assert python('def never():\n  os.system("a")\nprint("subprocess.run([1])")  # os.system("b")') == []


def test_python_loops_checks_and_folders() -> None:
    text = (
        "def running():\n  return False\n"
        'def start(c):\n  subprocess.Popen(c, cwd="/x", stdout=open("/x/log", "a"))\n'
        'def main():\n  while True:\n    if not running():\n      start(["a"])\n    time.sleep(15)\nmain()\n'
    )
    command = python(text)[0]
    assert command.loop is not None
    assert (command.loop.line, command.loop.interval) == (7, 15.0)
    assert command.guard == "if not running()"
    assert (command.cwd, command.output, command.background) == ("/x", "/x/log", True)


@pytest.mark.parametrize(
    "source", [b"def (", b"\0", b"\xff" * 10, b"(" * 3000, b"x = " + b"-" * 50_000 + b"1"]
)
def test_python_that_is_refused_is_a_problem(source: bytes) -> None:
    script = read_python(source, Scene())
    assert script.commands == ()
    assert script.problem is not None


# Node


# languages


@pytest.mark.parametrize(
    ("path", "content", "language"),
    [
        ("x", b"#!/bin/sh\n", Language.SHELL),
        ("x", b"#!/usr/bin/env -S python3 -u\n", Language.PYTHON),
        ("x", b"#! /usr/bin/env node\n", Language.NODE),
        ("x.py", b"", Language.PYTHON),
        ("x.sh", b"echo", Language.SHELL),
        ("x", b"echo", Language.SHELL),
        ("x", b"\x7fELF\0\0", None),
        ("x.rb", b"puts", None),
        ("x", b"#!/usr/bin/perl\n", None),
    ],
)
def test_language_of(path: str, content: bytes, language: Language | None) -> None:
    assert language_of(path, content) is language


def test_small_readings() -> None:
    assert shebang(b"#!/usr/bin/env A=1 bash -e\n") == ("bash", "-e")
    assert shebang(b"#!\n") == ()
    assert [seconds(text) for text in ("5", "0.5", "2m", "x", "")] == [5.0, 0.5, 120.0, None, None]
    assert [every(value) for value in (5.0, 60.0, 90.0)] == ["every 5 s", "every 1 min", "every 90 s"]

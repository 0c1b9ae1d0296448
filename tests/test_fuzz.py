# ruff: noqa: E501 -- the table has one row a parser
"""Every parser of what the machine says, given what no machine should say.

One row a parser: where it is, what its input is made of, and the errors by which it may refuse it. Each
must come to an end, within the time and the memory that the input is worth, with a value or one of those
errors. Pieces of genuine input are put together at random, so that the parser is led far inside.
"""

import ast
import importlib
import re
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostfix.model.errors import GhostfixError
from ghostfix.scripts.script import Scene

SCENE = Scene(file="/srv/app/run", cwd="/srv/app", home="/root", arguments=("start",))
NOW = 1_795_000_000.0
MEMORY = 1_000
"""Bytes that a parser may take for each byte of its input (a Python syntax tree takes 750), and"""
FIXED_MEMORY = 128 * 2**20
"""beyond that, however long the input is: what the shell's parser takes until it is stopped."""


@dataclass(frozen=True)
class Parser:
    """One function that reads what came from outside. ``pieces`` is input as it should be, cut up."""

    name: str
    pieces: tuple[str, ...]
    arguments: tuple[object, ...] = ()
    text: bool = True
    lines: bool = False
    refuses: tuple[type[Exception], ...] = ()
    first: tuple[object, ...] = ()
    """Arguments before the input."""

    def __call__(self, content: bytes) -> object:
        module, _, function = self.name.partition(":")
        place = module if module.startswith("tests.") else f"ghostfix.{module}"
        parse: Callable[..., object] = getattr(importlib.import_module(place), function)
        text = content.decode(errors="backslashreplace")
        given: object = text.splitlines() if self.lines else text if self.text else content
        try:
            return parse(*self.first, given, *self.arguments)
        except self.refuses:
            return None


COMMON = (
    "\n", "\r\n", "\0", " ", "\t", '"', "'", "\\", "\\\n", "#", "=", ":", ";", ",", "(", ")", "[", "]", "{",
    "}", "<", ">", "&", "|", "$", "%", "*", "/", "-", "0", "1", "99999999999999999999", "-1", "1e999", "é",
    "\u202e", "\x1b[31m", "\ufeff", "\u2028", "x" * 300, "null", "true", "%s", "${x}", "../..",
)  # fmt: skip
_SHELL = (
    "while true; do\n", "done\n", "if ", "then\n", "fi\n", "for x in ", "case $1 in\n", "esac\n", ";;\n", "start)",
    "python -m app", "nohup ", "&\n", "$(", "`", "${A:-b}", "<<EOF\n", "EOF\n", "sleep 5\n", "f() {\n", "}\n",
    ". ./env.sh\n", "exec ", "[[ -f x ]]", "((i++))", "trap 'x' EXIT\n", "eval ", "A=1 ", "export B=", "||", "&&",
)  # fmt: skip
_PYTHON = (
    "import subprocess\n", "while True:\n", "    ", "subprocess.run([", "])\n", "os.system(", "f'{x}'", "def f():\n",
    "class A:\n", "if __name__ == '__main__':\n", "try:\n", "except:\n", "time.sleep(5)\n", "x = ", "'''", "lambda: ",
    "sys.executable", "'python', '-m', 'app'", "shell=True", "async def g():\n", "await ", "@d\n", "match x:\n",
)  # fmt: skip
_NODE = (
    "const {spawn} = require('child_process');\n", "spawn('python', ['-m', 'app'])", "setInterval(() => {", "}, 5000);\n",
    "`${x}`", "//", "/*", "*/", "exec(", "function f() {", "=> ", "async ", "/re[/]/g", "module.exports = {", "apps: [",
)  # fmt: skip
_UNIT = (
    "[Unit]\n", "[Service]\n", "[Install]\n", "[Timer]\n", "ExecStart=", "ExecStartPre=-", "/usr/bin/python -m app\n",
    "Restart=always\n", "RestartSec=5\n", "Environment=", "EnvironmentFile=-/x\n", "%i", "%%", "User=a\n", "OnCalendar=*:0/5\n",
)  # fmt: skip
_INI = (
    "[program:x]\n", "[watcher:x]\n", "[supervisord]\n", "[include]\n", "files = *.ini\n", "command=", "cmd = python -m app\n",
    "autorestart=true\n", "numprocs=3\n", "process_name=%(program_name)s_%(process_num)02d\n", "%(ENV_X)s", "%(here)s",
    "environment=A=\"1\",B=2\n", "; comment\n",
)  # fmt: skip
_JSON = (
    '{"a": ',
    "[",
    "]",
    "}",
    '"pid": 12',
    '"kind": "stop-process"',
    '"event": "intent"',
    '"n": 1',
    '"at": 1.5',
    "1e400",
)

PARSERS = (
    Parser("managers.cron.crontab:parse", ("* * * * * ", "@reboot ", "SHELL=/bin/sh\n", "root ", "*/5 1-3,7 jan mon ", "cmd\n"), (True,), text=False),
    Parser("managers.cron.crontab:parse", ("* * * * * ", "0 0 1 1 * x\n", "A = 'b'\n", "%in%put\n"), (False,), text=False),
    Parser("managers.cron.schedule:in_words", ("*/5", "@daily", "H", "1-5", "mon", "jan", ","), (), refuses=()),
    Parser("managers.cron.schedule:falls_on", ("*/5 * * * *", "@daily", "H", "22-2", "0 0 31 2 *", "mon"), (NOW,)),
    Parser("managers.launchd.plist:read_plist", ("<plist>", "<dict>", "<key>Label</key>", "<string>a</string>", "<true/>", "</dict>", "</plist>", "bplist00", "<integer>"), text=False),
    Parser("managers.launchd.launchctl:parse_print", ("gui/501/x = {\n", "\tstate = running\n", "\tpid = 12\n", "\t\tpath = x\n", "}\n")),
    Parser("managers.launchd.launchctl:parse_list", ("PID\tStatus\tLabel\n", "12\t0\tx\n", "-\t-9\ty\n")),
    Parser("managers.launchd.launchctl:parse_print_disabled", ("disabled services = {\n", '\t"x" => true\n', '\t"y" => disabled\n', "}\n")),
    Parser("managers.systemd.unit_file:read_unit", _UNIT, ("x.service",)),
    Parser("managers.systemd.unit_file:exec_command", (*_UNIT, "-@+!:", "/bin/x")),
    Parser("managers.systemd.unit_file:exec_words", (*_UNIT, "'a b'", "\\x41", "${A}"), ("x@1.service", "/root", "root")),
    Parser("managers.systemd.systemctl:read_units", ("Id=x.service\n", "MainPID=12\n", "Restart=always\n", "\n\n", "ExecStart={ path=/x ; argv[]=/x }\n")),
    Parser("managers.systemd.systemctl:properties", ("Id=x.service\n", "A=b=c\n", "\n")),
    Parser("managers.supervisord.config:read_config", _INI, ("/etc/supervisor.conf",)),
    Parser("managers.supervisord.daemon:read_status", ("web  RUNNING   pid 12, uptime 0:00:03\n", "FATAL ", "a:b_00  EXITED  Nov 23 09:00 PM\n")),
    Parser("managers.circus.config:read_config", _INI, ("/etc/circus.ini",)),
    Parser("managers.monit.config:read_config", ("check process x with pidfile /x.pid\n", 'start program = "/bin/x"\n', "if 5 restarts then timeout\n", "set daemon 30\n", "include /x/*\n"), ("/etc/monitrc",)),
    Parser("managers.monit.daemon:read_status", ("Process 'x'\n", "  status                       Running\n", "  monitoring status            Monitored\n")),
    Parser("managers.pm2.app:read_dump", (*_JSON, '"name": "x"', '"pm_exec_path": "/x.js"', '"exec_mode": "cluster_mode"')),
    Parser("managers.pm2.app:read_config", (*_NODE, *_JSON, "script: 'x.js'", "interpreter: 'python'"), ("/srv/app",)),
    Parser("managers.pm2.js_literal:read_literal", (*_NODE, *_JSON)),
    Parser("scripts.package_json:script_line", (*_JSON, '{"scripts":', '{"start":', '"node x.js"'), ("start",), text=False),
    Parser("managers.containers.inspect:read_inspect", (*_JSON, '[{"Id": "4f"', '"State": {"Running": true}', '"RestartPolicy": {"Name": "always"}', "}]"), text=False),
    Parser("service.toml_edit:with_text", ("[services.x]\n", 'manager = "none"\n', "manager=", "[services]\nx.manager = 'a'\n", "# x\n"), (("services", "x"), "manager", "cron"), text=False),
    Parser("scripts.wrappers:launches", ("env\n", "A=1\n", "timeout\n", "5\n", "nohup\n", "bash\n", "-c\n", "watch\n", "nodemon\n", "--exec\n", "xargs\n", "flock\n", "-n\n"), lines=True),
    Parser("managers.cron.last_end:read_runs", ("1772442061.123456 host CRON[4711]: (alice) CMD (x)\n", "1e9 CRON[", "-- Boot")),
    Parser("managers.cron.anacrontab:parse", ("1\t5\tcron.daily\trun-parts /etc/cron.daily\n", "@monthly ", "SHELL=/bin/sh\n"), text=False),
    Parser("managers.at.at_job:read_queue", ("3\tMon Nov 23 21:00:00 2026 a root\n", "= ")),
    Parser("managers.at.at_job:read_script", ("#!/bin/sh\n", "# atrun uid=0 gid=0\n", "cd /x || {\n", "A=b; export A\n", "python -m app\n")),
    Parser("managers.service_folders.folder:read_status", ("\x40\0\0\0", "run", "down", "\xff" * 18), text=False),
    Parser("service.pid_file:parse_pid", ("12\n", '{"pid": 12}', " ", "+", "٣"), text=False),
    Parser("survey.logs.log_line:read_line", ("2026-11-23 21:00:00,123 ", "ERROR ", "[x] ", "Nov 23 21:00:00 host app[12]: ", '{"ts": 1}'), (NOW,)),
    Parser("tests.log_lines:read_log", ("Traceback (most recent call last):\n", '  File "x.py", line 3, in f\n', "    x()\n", "ValueError: x\n", "During handling of the above exception, another exception occurred:\n", "  + Exception Group Traceback\n"), (NOW,), lines=True),
    Parser("survey.logs.error_line:exception_line", ("ValueError: x", "a.b.C: ", "KeyError: 'x'")),
    Parser("survey.logs.error_line:node_error", ("TypeError: x", "    at f (/x.js:1:2)", "Error: listen EADDRINUSE")),
    Parser("repair.journal_records:read_journal", ('{"event":"begun","schema":"ghostfix.journal/1"', *_JSON, '"steps":[]}'), text=False, first=("r",), refuses=(GhostfixError,)),
    Parser("repair.undo_data:decode", ('{"step":{"kind":"remove-pidfile"', '"captured":{}}', *_JSON), text=False, refuses=(GhostfixError,)),
    Parser("service.toml_document:parse", ("[services.x]\n", 'module = "m"\n', "ports = [1]\n", "[[a]]\n", "'''", "1979-05-27", "inf", "0x1"), text=False, first=("/x.toml",), refuses=(GhostfixError,)),
    Parser("system.proc_text:parse_stat", ("1 (x) S 0 1 1 0 -1 ", "0 " * 40, ") Z "), text=False, refuses=(ValueError, IndexError)),
    Parser("system.proc_text:parse_cmdline", ("python\0-m\0app\0", "title"), text=False),
    Parser("system.proc_text:parse_open_file_limit", ("Max open files            1024   4096   files\n", "unlimited"), text=False, refuses=(ValueError, IndexError)),
    Parser("system.proc_text:parse_task_limit", ("Max processes            1024   4096   processes\n", "unlimited"), text=False, refuses=(ValueError, IndexError)),
    Parser("system.proc_text:parse_control_group", ("0::/system.slice/x.service\n", "1:name=systemd:/\n")),
    Parser("system.proc_text:parse_container", ("/docker/" + "a" * 64, "/kubepods/pod1/")),
    Parser("system.proc_text:parse_locks", ("1: POSIX  ADVISORY  WRITE 12 08:01:99 0 EOF\n", "2: -> FLOCK\n")),
    Parser("system.processes:parse_environ", ("A=b\0", "=\0", "SUPERVISOR_ENABLED=1\0"), (frozenset({"SUPERVISOR_ENABLED"}),), text=False),
    Parser("system.sockets:parse_tcp", ("  0: 0100007F:15B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 99\n", "sl local\n", "0" * 32 + ":0001"), refuses=(ValueError, IndexError)),
    Parser("scripts.shell_script:read_shell", _SHELL, (SCENE, lambda _: b"export X=1\n"), text=False),
    Parser("scripts.python_script:read_python", _PYTHON, (SCENE,), text=False),
    Parser("scripts.node_script:read_node", _NODE, (SCENE,), text=False),
)  # fmt: skip
NAMES = [
    f"{parser.name}{'' if index == 0 or PARSERS[index - 1].name != parser.name else ' again'}"
    for index, parser in enumerate(PARSERS)
]


READS = ("text", "content", "answer", "source")
"""What the first parameter is called of a function that reads other people's text."""


def test_every_parser_has_its_turn() -> None:
    """Each module whose public ``parse...`` or ``read_...`` takes text that somebody else wrote."""
    package = Path(__file__).parents[1] / "ghostfix"
    there = {
        ".".join(path.relative_to(package).with_suffix("").parts)
        for room in ("managers", "scripts", "survey")
        for path in (package / room).rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and re.match(r"parse|read_", node.name)
        if node.args.args and node.args.args[0].arg in READS
    }
    assert there
    assert there - {parser.name.partition(":")[0] for parser in PARSERS} == set()


def inputs(parser: Parser) -> st.SearchStrategy[bytes]:
    """Pieces of the parser's own language, of every language, and plain noise."""
    own = st.sampled_from([piece.encode(errors="surrogateescape") for piece in parser.pieces])
    common = st.sampled_from([piece.encode() for piece in COMMON])
    piece = st.one_of(own, own, own, common, st.binary(max_size=6))
    return st.lists(piece, max_size=25).map(b"".join)


def fuzz(parser: Parser, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs(parser))
    def run(content: bytes) -> None:
        parser(content)

    run()


@pytest.mark.parametrize("parser", PARSERS, ids=NAMES)
def test_no_input_breaks_it(parser: Parser) -> None:
    fuzz(parser, 40)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("parser", PARSERS, ids=NAMES)
def test_no_input_breaks_it_however_long_one_tries(parser: Parser) -> None:
    fuzz(parser, 400)


def large(parser: Parser, size: int) -> Sequence[bytes]:
    """What is nested deeply or goes on without end: the pieces themselves, and what opens a level."""
    levels = (
        "(",
        "[",
        "{",
        '{"a":',
        "$(",
        "<dict>",
        "if x; then ",
        "`",
        "'",
        '"',
        "\\",
        "- ",
        "(((((",
        "f(",
        "a.",
    )
    return [
        *(level.encode() * (size // len(level)) for level in levels),
        *(piece.encode(errors="surrogateescape") * (size // len(piece)) for piece in parser.pieces),
        b"\n" * size,
        b"\0" * size,
        b"9" * size,
        b"x" * size + b"=",
    ]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("parser", PARSERS, ids=NAMES)
def test_large_and_deep_input_comes_to_an_end(parser: Parser) -> None:
    for content in large(parser, 12_000):
        parser(content)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("parser", PARSERS, ids=NAMES)
def test_large_input_takes_bounded_memory(parser: Parser) -> None:
    for content in large(parser, 100_000):
        tracemalloc.start()
        try:
            parser(content)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MEMORY * len(content) + FIXED_MEMORY, content[:40]

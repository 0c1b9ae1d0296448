"""Whatever a machine calls its things: no output commands its reader, and none has a secret.

A hostile machine has escapes, direction marks, workflow commands and secrets in the names of processes,
command lines, logs, paths, cron lines, answers and profiles. Every command tells of it in every format; the
machine is in memory. What goes through the streams of the real program is looked at in ``tests/real``.
"""

import re
import sys
import unicodedata
from collections.abc import Sequence

import msgspec
import pytest
from typer.testing import CliRunner

from ghostfix.commands.application import app
from ghostfix.commands.fleet.formats import DIAGNOSIS_FORMATS as FLEET_FORMATS
from ghostfix.commands.watch.output import FORMATS as WATCH_FORMATS
from ghostfix.model.errors import GhostfixError
from ghostfix.model.fleet import HostState
from ghostfix.model.report import Report
from ghostfix.model.safe_text import safe
from ghostfix.report.formats import DIAGNOSIS_FORMATS, FORMATS
from ghostfix.report.output_options import Amount, Layout
from ghostfix.report.safe_stream import harmless_output
from tests.commands.fleet.samples import fleet, seen, unknown
from tests.fake_system import START, FakeCrontab, FakeSystem
from tests.secret_shapes import SECRET

MARKS = (
    "##[error]a ##vso[task.b]c\x1b[31m\x9b2J\u202e\u2066\u061c\u200b\u2028\u2029\U000e0041"
    "\n::stop-commands::t\r::error::d"
)
WORDS = ("python3", "/srv/evil/w.py", MARKS, "--password", SECRET, f"https://{SECRET}@h/")
NAME = "w"
BAD_NAME = "w ##[error] ::error::x \u202e"
PROFILE = f"""
[services.{NAME}]
directory = "/srv/evil"
script = "w.py"
ports = [5555]
pidfiles = ["*.pid"]
logs = ["*.log"]
start = ["python3", "w.py", "--db-password", "{SECRET}", "::stop-commands::x ##[error]"]
[services.{NAME}.health]
url = "http://a:{SECRET}@127.0.0.1:5555/##[error]"
expect = {{ token = "{SECRET}", "##[group]" = "\\u001b" }}
"""
LOG = f"""Traceback (most recent call last):
  File "/srv/evil/w.py", line 1, in <module>
ValueError: {MARKS} password={SECRET}
mysql: IDENTIFIED BY '{SECRET}'
::stop-commands::t
"""
_OWN_LINE = re.compile(r"::(?:error|warning|notice) [^:]*title=ghostfix [\w-]+::")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    made = FakeSystem()
    made.add_program("python3")
    made.add_file(sys.executable, b"", 0o755)  # which the adopted job calls
    made.add_command((sys.executable, "-P", "-m", "ghostfix", "--version"), stdout="ghostfix 0.1.0\n")
    made.add_file("/srv/evil/w.py", b"")
    made.add_file("/home/ghost/ghostfix.toml", PROFILE.encode(), uid=made.caller().uid)
    made.add_file("/srv/evil/w.log", LOG.encode(), modified=START - 10)
    made.add_file(f"/srv/evil/{MARKS.replace('/', '')}.log", LOG.encode(), modified=START - 10)
    made.add_file(f"/srv/evil/{MARKS}.pid", MARKS.encode())
    made.add_process(77, ("/usr/sbin/cron", "-f"), ppid=1, uid=0)
    made.add_process(401, ("-bash", MARKS), name=f"ba{MARKS}", started=START - 7200)
    made.add_process(402, WORDS, ppid=401, name=MARKS, cwd="/srv/evil", started=START - 3600, listens=[5555])
    made.add_process(403, WORDS, ppid=1, name="w", cwd="/srv/evil", started=START - 60)
    made.add_process(404, ("mysql", "-u", "root", f"-p{SECRET}", MARKS), ppid=401)
    made.add_file(
        "/srv/evil/bad.toml", f'[services."{BAD_NAME}"]\nscript = "w.py"\n'.encode(), uid=made.caller().uid
    )
    made.add_page("http://127.0.0.1:5555/health", body=f'{{"token": "{SECRET}", "status": "ok\u202e"}}')
    made.add_page(
        f"http://a:{SECRET}@127.0.0.1:5555/##[error]",
        body=f'{{"token": "{SECRET}1", "status": "down ##[error]"}}',
    )
    line = f"* * * * * cd /srv/evil && TOKEN={SECRET} python3 w.py # ##[error]\u202e::error::x\x1b[1m\n"
    FakeCrontab(made, {"ghost": line.encode()})
    monkeypatch.setattr("ghostfix.commands.machine.local_system", lambda: made)
    return made


def told(*words: str) -> str:
    """All that the command writes, with the sentence of an error, as ``main`` would write it."""
    result = CliRunner().invoke(app, list(words))
    error = result.exception
    if isinstance(error, GhostfixError):
        assert words[:2] not in {(verb, NAME) for verb in ("diagnose", "repair", "adopt", "watch")}, error
        return f"{result.output}ghostfix: {safe(error.message, 2_000)}\n  {safe(error.hint, 2_000)}\n"
    assert error is None or isinstance(error, SystemExit), f"{words}: {error!r}"
    assert result.output
    return result.output


def assert_harmless(output: str, words: Sequence[str]) -> None:
    assert "Hunter" not in output, (words, output)
    raw = {
        char for char in output if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    }
    assert raw <= {"\n"}, (words, raw)
    assert not re.search(r"##\w*\[", output), (words, output)
    gated = output if "github" in words else harmless_output(output)
    for line in gated.splitlines():
        begins = line.lstrip().startswith("::") and line.lstrip()[2:3].isalpha()
        assert not begins or ("github" in words and _OWN_LINE.match(line)), (words, line)


COMMANDS = [
    *(
        ("diagnose", NAME, "--format", each, *more)
        for each in DIAGNOSIS_FORMATS
        for more in ((), ("-v",), ("-q",))
    ),
    *(("repair", NAME, "--dry-run", "--format", each) for each in FORMATS),
    *(("adopt", NAME, "--with", "cron", "--dry-run", "--format", each) for each in FORMATS),
    *(("watch", NAME, "--for", "3s", "--format", each) for each in WATCH_FORMATS if each != "terminal"),
    ("why", "402"), ("why", "402", "-v", "-t"), ("why", "402", "--json"),
    ("why", ":5555", "--json", "-v", "-t"),
    ("why", "404"), ("why", "404", "-t", "--json"), ("init", "--from", "404", "-o", "-"),
    ("why", MARKS), ("why", "w"), ("why", ":"), ("why", f"--password={SECRET}"),
    ("init", "--from", "402", "-o", "-"), ("init", "--from", ":5555", "-o", "-"), ("init",),
    ("undo", "--list"), ("undo", MARKS), ("undo", "--list", "--format", "json"),
    ("diagnose", "--config", "/srv/evil/bad.toml"),
    ("explain", MARKS), ("report", MARKS), ("diagnose", MARKS), ("diagnose", "--only", MARKS),
    ("diagnose", "--config", MARKS), ("diagnose", "--format", MARKS), ("run", MARKS), ("watch", MARKS),
    ("watch", "--format", MARKS), ("diff", MARKS, MARKS), ("diagnose", "--timeout", MARKS),
]  # fmt: skip


UNDONE = (("undo", "--list"), ("undo", "--dry-run"), ("undo", "--yes"))


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:1] + words[2:])[:40])
def test_no_command_writes_what_commands_its_reader(system: FakeSystem, words: tuple[str, ...]) -> None:
    assert system.table
    assert_harmless(told(*words), words)


def test_a_repair_and_its_undo_write_nothing_of_it(system: FakeSystem) -> None:
    assert system.table
    for arguments in (
        *(("repair", NAME, "--yes", "--hold-for", "0s", "--format", each) for each in FORMATS),
        *((*verb, "--format", each) for verb in UNDONE for each in ("terminal", "json")),
        ("report",),
    ):
        assert_harmless(told(*arguments), arguments)


def test_a_snapshot_that_is_saved_has_no_secret(system: FakeSystem) -> None:
    told("diagnose", NAME, "--save-snapshot", "/srv/evil/snapshot.json")
    saved = system.content("/srv/evil/snapshot.json").decode()
    assert "Hunter" not in saved
    assert_harmless(told("diagnose", "--from-snapshot", "/srv/evil/snapshot.json"), ("diagnose",))


def test_a_fleet_of_it_writes_nothing_of_it(system: FakeSystem) -> None:
    report = msgspec.json.decode(told("diagnose", NAME, "--format", "json"), type=Report)
    assert system.table
    hosts = (seen(safe(MARKS), report), unknown("b", HostState.UNREACHABLE, safe(MARKS)))
    for name, render in FLEET_FORMATS.items():
        for amount in Amount:
            assert_harmless(render(fleet(*hosts), Layout(width=60, amount=amount)), (name,))


def test_every_format_is_walked() -> None:
    walked = {word for words in COMMANDS for word in words}
    assert walked >= {*DIAGNOSIS_FORMATS, *WATCH_FORMATS} - {"terminal"}
    assert set(FLEET_FORMATS) <= set(DIAGNOSIS_FORMATS)

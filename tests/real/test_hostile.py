"""Text that its writer made to mislead or to leak: in processes, paths, logs, health pages, cron lines.

Whatever the format, no control character and no secret comes through, JSON can be read, and no line of
a report begins with what the machine said.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.real.ghost_house import crontab, wait_until
from tests.real.real_program import SECRET, Answered, ghostfix
from tests.system.server import answer, says, serving

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="names with undecodable bytes are Linux's"),
]
FORGED = "FORGED HEADING"
HOSTILE = (
    b"\x1b[31m\x1b]0;owned\x07[red]x[/red]\n## " + FORGED.encode() + b"\n| a | b |\n```\n~~~\n</details><b>"
    b"\n::stop-commands::x\n::error::y ##[error]z ##vso[task.complete]"
    b"\r\xe2\x80\xae\xe2\x80\x8fevil\xff\xfe\xc2\x85\xe2\x80\xa8\xc2\x9b31m `code` @everyone $x$ --token "
    + SECRET.encode()
)  # fmt: skip
FOLDER = b"/di\x1b[31mr\n[red]\xff\xe2\x80\xae"
SERVER = b"""
import ctypes, time
ctypes.CDLL(None).prctl(15, b"\\x1b[31m\\n\\xff[b]")
open("named", "a").write("x")
time.sleep(1000)
"""
ARGUMENTS: tuple[tuple[bytes, ...], ...] = (
    (HOSTILE,),
    (b"x" * 100_000,) * 10,
    (b"--token", SECRET.encode() + b" and blank&" + SECRET.encode()),
    (b"--password='" + SECRET.encode(), b"a'b", b"--api-key", b"it's " + SECRET.encode()),
    (b"http://u:" + SECRET.encode() + b"@h/p", b"-H", b"Authorization: Bearer " + SECRET.encode()),
)
DOCUMENT = json.dumps(
    {
        "status": f"\x1b[31mdown\n## {FORGED}\n[red]\u202e --token {SECRET}",
        "a": {"b": HOSTILE.decode("latin1")},
    }
).encode()


@dataclass
class HostileHouse:
    """A service whose every text is hostile, with its processes."""

    base: Path
    port: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def folder(self) -> bytes:
        return os.fsencode(self.base) + FOLDER

    def build(self) -> None:
        for name in (b"", b"/pids", b"/logs"):
            os.mkdir(self.folder + name)
        self.write(b"/pids/\x1b[31m\nfo\xffrged.pid", HOSTILE)
        self.write(b"/pids/gone\n.pid", b"4194303\n")
        raised = HOSTILE.replace(b"\n", b" ")
        trace = b'Traceback (most recent call last):\n  File "/x\x1b[31m/y.py", line 3, in f\nValueError: '
        self.write(b"/logs/\x1b[2J\nx.log", (trace + raised + b"\n" + trace + HOSTILE + b"\n") * 3)
        self.write(b"/server.py", SERVER)
        self.write(b"/ghostfix.toml", self.profile().encode())
        for words in ARGUMENTS:
            self.start(*words)

    def profile(self) -> str:
        return f"""
[services.evil]
script = "server.py"
pidfiles = ["pids/*.pid"]
logs = ["logs/*.log"]
ports = [{self.port}]
start = ["{sys.executable}", "server.py", "--token", "{SECRET}", "--password={SECRET} x", "pg://u:{SECRET}@h/"]
[services.evil.health]
url = "http://u:{SECRET}@127.0.0.1:{self.port}/health?token={SECRET}"
expect = {{ "a.b" = "up", "status" = "ok" }}
"""

    def write(self, name: bytes, content: bytes) -> None:
        with open(self.folder + name, "wb") as file:
            file.write(content)

    def start(self, *words: bytes) -> None:
        variables = {"AWS_SECRET_ACCESS_KEY": SECRET, "SUPERVISOR_PROCESS_NAME": "\x1b[31m\n## x"}
        self.started.append(
            subprocess.Popen(
                [os.fsencode(sys.executable), self.folder + b"/server.py", *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **variables},
            )
        )

    def run(self, *arguments: str, columns: int = 100) -> Answered:
        variables = {"XDG_STATE_HOME": str(self.base / "state"), "COLUMNS": str(columns)}
        return ghostfix(self.folder, *arguments, variables=variables)

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.wait(10)
        for left in psutil.process_iter():
            try:
                if left.pid > 1 and left.cwd().startswith(str(self.base)):
                    left.kill()
            except psutil.Error:
                continue
        shutil.rmtree(self.base)


@pytest.fixture(scope="module")
def house() -> Iterator[HostileHouse]:
    with serving(says(answer(DOCUMENT))) as port:
        house = HostileHouse(Path(tempfile.mkdtemp(prefix="ghostfix-test-")), port)
        try:
            house.build()
            named = house.folder + b"/named"
            wait_until(
                lambda: os.path.exists(named) and os.path.getsize(named) >= len(ARGUMENTS), 20, "the servers"
            )
            yield house
        finally:
            house.close()


def check(answered: Answered, *, secrets: bool = False) -> None:
    """Only plain lines, no secret."""
    for text in (answered.stdout, answered.stderr):
        strange = {character for character in text if not character.isprintable() and character != "\n"}
        assert strange == set()
        assert secrets or SECRET not in text, text[max(0, text.index(SECRET) - 300) : text.index(SECRET) + 40]
        # Where a line is broken at a blank, its rest stays below the text it belongs to.
        assert not re.search(rf"^[#|>`~-]*\s?{FORGED}", text, re.MULTILINE)
        assert not re.search(r"##\w*\[", text)
        assert not re.search(
            r"^\s*::(?!(?:error|warning|notice) [^:]*title=ghostfix )[a-z]", text, re.MULTILINE
        )


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_terminal_is_not_misled(house: HostileHouse, columns: int) -> None:
    answered = house.run("diagnose", "-v", columns=columns)
    assert answered.status == 1
    check(answered)
    assert max(map(len, answered.stdout.splitlines())) <= columns
    assert "malformed-pidfile" in answered.stdout
    assert "traceback-in-log" in answered.stdout


@pytest.mark.parametrize("form", ["github", "html", "junit", "markdown"])
def test_a_build_server_gets_no_command_but_ours(house: HostileHouse, form: str) -> None:
    check(house.run("diagnose", "--format", form))


@pytest.mark.parametrize("columns", range(41, 60, 6))
def test_a_line_that_is_wrapped_before_a_mark_begins_with_none(house: HostileHouse, columns: int) -> None:
    check(house.run("diagnose", "-v", columns=columns))


@pytest.mark.parametrize("form", ["lines", "jsonl"])
def test_a_watch_is_plain(house: HostileHouse, form: str) -> None:
    check(house.run("watch", "evil", "--for", "1s", "--format", form))


def test_what_is_asked_and_drafted_is_plain(house: HostileHouse) -> None:
    pid = str(house.started[0].pid)
    for arguments in (("why", pid, "-v", "-t"), ("why", pid, "--json"), ("init", "--from", pid, "-o", "-")):
        check(house.run(*arguments))


def test_json_is_one_document(house: HostileHouse) -> None:
    answered = house.run("diagnose", "--format", "json")
    check(answered)
    assert {"duplicate-instance", "malformed-pidfile", "stale-pidfile", "health-degraded"} <= answered.codes
    revealed = house.run("diagnose", "--format", "json", "--show-secrets")
    check(revealed, secrets=True)
    assert SECRET in revealed.stdout
    assert revealed.codes == answered.codes


def test_markdown_has_its_own_headings_only(house: HostileHouse) -> None:
    answered = house.run("repair", "--dry-run", "--format", "markdown")
    check(answered)
    lines = answered.stdout.splitlines()
    plain = ghostfix(house.base, "explain")  # any other output; headings come from the renderer alone
    assert plain.status == 0
    headings = [line for line in lines if line.startswith("#")]
    assert all(
        re.fullmatch(r"#{1,3} [A-Z][a-z A-Z]*|# evil: Diagnosis and Repair Summary", head)
        for head in headings
    )
    assert not any(line.lstrip().startswith(("```", "~~~", "<")) for line in lines)
    rows = [line for line in lines if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}


def test_a_repair_keeps_no_secret_but_what_undo_needs(house: HostileHouse) -> None:
    check(house.run("repair", "--yes", "--hold-for", "1s", "--show-secrets"), secrets=True)
    for arguments in (
        ("undo", "--list"),
        ("undo", "--dry-run"),
        ("report",),
        ("report", "--format", "json"),
        ("report", "--format", "markdown"),
        ("repair", "--dry-run", "-v"),
    ):
        check(house.run(*arguments))
    kept = 0
    for path in (house.base / "state/ghostfix").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
        if path.is_file() and path.parent.name != "kept":
            assert SECRET.encode() not in path.read_bytes(), path
        kept += path.parent.name == "kept"
    assert kept >= len(ARGUMENTS)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it edits a crontab")
def test_a_cron_line_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    (tmp_path / "ghostfix.toml").write_text('[services.evil]\nscript = "main.py"\n')
    words = f"TOKEN={SECRET} python3 {tmp_path}/main.py --password '{SECRET} x'"
    line = f"* * * * * {words} \x1b[31m[red]\u202e%## {FORGED}"
    with crontab(line):
        for form in ("terminal", "json", "markdown"):
            answered = ghostfix(tmp_path, "diagnose", "--format", form)
            assert "main.py" in answered.stdout
            assert "rogue-restarter" in answered.stdout
            check(answered)


@pytest.mark.parametrize(
    "arguments", ["diagnose no\x1b[31msuch", "diagnose --config \x1b[2J\nx", "explain \x1b[31m"]
)
def test_an_error_message_is_plain(tmp_path: Path, arguments: str) -> None:
    answered = ghostfix(tmp_path, *arguments.split(" "))
    assert answered.status == 2
    assert "\x1b" not in answered.stderr

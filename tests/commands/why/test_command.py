"""``ghostfix why`` as a command: text, JSON, exit codes. The machine is the in-memory one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ghostfix.commands.application import app
from ghostfix.commands.why.text import text_of
from ghostfix.commands.why.why import why
from ghostfix.model.errors import GhostfixError
from tests.fake_system import START, FakeSystem


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    made = FakeSystem()
    made.add_program("python3")
    made.add_file("/srv/shop/.git/HEAD", b"ref: refs/heads/release\n")
    made.add_file("/srv/shop/venv/pyvenv.cfg", b"home = /usr/bin\n")
    made.add_file("/srv/shop/venv/bin/python", b"", 0o755, modified=START - 90_000)
    made.add_process(401, ("-bash",), name="bash", started=START - 7200)
    made.add_process(
        402,
        ("/srv/shop/venv/bin/python", "-m", "shop", "--token=hunter2"),
        ppid=401,
        cwd="/srv/shop",
        started=START - 3600,
        listens=[("0.0.0.0", 8080), ("::1", 8081)],
    )
    made.add_process(403, ("worker", "\x1b[31m"), ppid=402)
    monkeypatch.setattr("ghostfix.commands.machine.local_system", lambda: made)
    return made


def test_the_text_says_it_all(system: FakeSystem) -> None:
    text = text_of(why(system, ":8080"), width=100)
    assert text == (
        """\
python (pid 402) listens on ports 8080, 8081

Where it comes from
    1  init    the first process
  401  bash    a login shell
> 402  python  /srv/shop/venv/bin/python -m shop --token=***

What keeps it alive
  Nobody restarts it: it was started from a login shell (pid 401), and may end with it.

Command      /srv/shop/venv/bin/python -m shop --token=***
User         ghost
Started      2026-03-02 08:01:00 UTC, 60 min ago
Listens on   0.0.0.0:8080 (all interfaces)
Listens on   [::1]:8081 (loopback)
Directory    /srv/shop
Git          release in /srv/shop
Python       /srv/shop/venv/bin/python, venv /srv/shop/venv
Uses         20 MB of memory, 8 of 1024 open files

Warnings
  ! It is open to the network on all interfaces: 8080.
"""
    )


def test_the_tree_and_all_evidence(system: FakeSystem) -> None:
    system.add_command(("crontab", "-l"), status=1, stderr="no crontab for ghost\n")
    system.add_program("crontab")
    text = text_of(why(system, "402", tree=True, thorough=True), width=60, verbose=True, tree=True)
    assert ">     402 python: /srv/shop/venv/bin/python" in text
    assert "        403 worker: worker '\\x1b[31m'" in text
    assert "Evidence     its ancestors only" in text
    assert max(len(line) for line in text.splitlines()) <= 60


def test_json_is_one_document(system: FakeSystem) -> None:
    result = CliRunner().invoke(app, ["why", "402", "--json"])
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["schema"] == "ghostfix.why/1"
    assert [each["pid"] for each in document["processes"]] == [402]
    assert document["processes"][0]["git"]["branch"] == "release"


def test_text_goes_to_standard_output(system: FakeSystem) -> None:
    result = CliRunner().invoke(app, ["why", "402"])
    assert result.exit_code == 0
    assert result.stdout.startswith("python (pid 402) listens on ports 8080, 8081\n")
    assert "\x1b" not in result.stdout


def test_several_are_listed(system: FakeSystem) -> None:
    system.add_process(500, ("/opt/serve", "one"))
    system.add_process(501, ("/opt/serve", "two"))
    result = CliRunner().invoke(app, ["why", "serve"])
    assert isinstance(result.exception, GhostfixError)
    assert result.stderr == "    500  /opt/serve one\n    501  /opt/serve two\n"


def test_nobody_is_an_error(system: FakeSystem) -> None:
    result = CliRunner().invoke(app, ["why", ":9"])
    assert isinstance(result.exception, GhostfixError)
    assert result.stdout == ""


KEYS = """
pid name command user uid ppid state started age_s chain kept_alive_by summary signs listeners cwd executable
interpreter venv git container control_group terminal capabilities usage warnings descriptors tree
"""


def test_the_keys_are_those_that_are_documented(system: FakeSystem) -> None:
    result = CliRunner().invoke(app, ["why", "402", "--json"])
    document = json.loads(result.stdout)
    assert list(document) == ["schema", "version", "taken_at", "target", "processes", "problems"]
    assert list(document["processes"][0]) == KEYS.split()
    page = (Path(__file__).parents[3] / "docs" / "why.md").read_text()
    assert [key for key in KEYS.split() if f"`{key}`" not in page] == []

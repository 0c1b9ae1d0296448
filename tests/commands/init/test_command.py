"""``ghostfix init`` on this machine: it writes what a genuine process is, and overwrites nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.false_alarms.bench import SERVER, Bench, bench

pytestmark = pytest.mark.real


@pytest.fixture
def served() -> Iterator[Bench]:
    """A small server in a folder of its own, without a profile."""
    with bench() as opened:
        opened.write("server.py", SERVER)
        opened.serve()
        yield opened


def test_a_port_is_enough(served: Bench) -> None:
    answer = served.ghostfix("init", "--from", f":{served.port}")
    assert answer.returncode == 0, answer.stderr
    text = (served.folder / "ghostfix.toml").read_text()
    assert 'script = "server.py"' in text
    assert f"ports = [{served.port}]" in text
    assert f'url = "http://127.0.0.1:{served.port}/health", expect = {{ status = "ok" }}' in text
    assert served.diagnose("--only", "not-running,duplicate-instance,port-unbound").exit_code == 0


def test_nothing_is_overwritten(served: Bench) -> None:
    profile = served.write("ghostfix.toml", "# mine\n")
    answer = served.ghostfix("init", "--from", f":{served.port}")
    assert (answer.returncode, profile.read_text()) == (2, "# mine\n")
    assert "exists already" in answer.stderr


def test_standard_output_takes_it(served: Bench) -> None:
    answer = served.ghostfix("init", "--from", f":{served.port}", "-o", "-")
    assert answer.stdout.startswith("# What healthy looks like")
    assert not (served.folder / "ghostfix.toml").exists()


def test_another_file_starts_its_paths_where_it_lies(served: Bench) -> None:
    elsewhere = served.folder / "etc"
    elsewhere.mkdir()
    assert served.ghostfix("init", "--from", f":{served.port}", "-o", "etc/web.toml").returncode == 0
    assert f'directory = "{served.folder}"' in (elsewhere / "web.toml").read_text()


def test_without_a_target_and_a_terminal_the_choices_are_listed(served: Bench) -> None:
    answer = served.ghostfix("init")
    assert answer.returncode == 2
    assert f":{served.port}" in answer.stderr
    assert not (served.folder / "ghostfix.toml").exists()


def test_there_is_no_such_process(tmp_path: Path) -> None:
    gone = subprocess.run(
        [sys.executable, "-m", "ghostfix", "init", "--from", ":1"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert gone.returncode == 2
    assert list(tmp_path.iterdir()) == []

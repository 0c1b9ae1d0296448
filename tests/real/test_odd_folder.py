"""A service whose folder's name is no UTF-8: what is acted in is the folder that was looked at."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.real.real_program import ghostfix

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="macOS has no such names"),
]
PROFILE = f"""
[services.web]
script = "web.py"
pidfiles = ["runy/*.pid"]
logs = ["logs/web.log"]
start = ["{sys.executable}", "web.py"]
"""


@pytest.fixture
def base() -> Iterator[bytes]:
    base = os.fsencode(tempfile.mkdtemp(prefix="ghostfix-odd-"))
    yield base
    for process in psutil.process_iter():
        try:
            if process.pid > 1 and os.fsencode(process.cwd()).startswith(base):
                process.kill()
        except psutil.Error:
            continue
    shutil.rmtree(base)


def tree(base: bytes) -> set[bytes]:
    return {
        os.path.join(folder, name).removeprefix(base)
        for folder, folders, files in os.walk(base)
        for name in (*folders, *files)
        if not folder.startswith(base + b"/state")
    }


def test_repair_undo_make_no_folder_of_another_name(base: bytes) -> None:
    odd = base + b"/s\xe9rvice"
    os.makedirs(odd + b"/runy")
    for name, content in (
        (b"web.py", b"import time\ntime.sleep(1000)\n"),
        (b"ghostfix.toml", PROFILE.encode()),
        (b"runy/\xfe.pid", b"4194303\n"),
    ):
        Path(os.fsdecode(odd + b"/" + name)).write_bytes(content)
    os.utime(odd + b"/runy/\xfe.pid", (1, 1))
    before = tree(base)
    variables = {"XDG_STATE_HOME": os.fsdecode(base + b"/state")}
    os.mkdir(base + b"/state", 0o700)
    done = ghostfix(odd, "repair", "--yes", "--hold-for", "0s", variables=variables)
    assert done.status == 0, done.stdout + done.stderr
    made = {b"/s\xe9rvice/logs", b"/s\xe9rvice/logs/web.log"}
    moved = {b"/s\xe9rvice/runy/\xfe.pid.ghostfix-1"}
    assert tree(base) == (before - {b"/s\xe9rvice/runy/\xfe.pid"}) | made | moved | {b"/state"}
    undone = ghostfix(odd, "undo", "--yes", variables=variables)
    assert undone.status == 0, undone.stdout + undone.stderr
    assert tree(base) == before | made | {b"/state"}
    refused = ghostfix(odd, "adopt", "--with", "cron", "--yes", variables=variables)
    assert refused.status == 4
    assert "a byte of it is no UTF-8" in refused.stderr
    assert tree(base) == before | made | {b"/state"}

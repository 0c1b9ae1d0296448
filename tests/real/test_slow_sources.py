"""A source that does not answer costs its timeout once, and is named; ``--timeout`` bounds the whole."""

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.real.ghost_house import GhostHouse

pytestmark = [pytest.mark.real]

MARK = "ghostfix-test-hung-manager"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    """Its health page never answers, its Python hangs, and so does the manager that is asked for jobs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        house = GhostHouse(tmp_path, port)
        hung = f"#!/bin/sh\nexec {sys.executable} -S -c 'import time; time.sleep(600)' {MARK}\n"
        house.write("bin/crontab", hung, 0o755)
        house.write(".venv/bin/python", hung, 0o755)
        house.write(
            "ghostfix.toml",
            f"""
[services.ghost]
module = "nobody.runs.this"
ports = [{port}]
environment = {{ venv = ".venv", requires = ["nothing"] }}
health = {{ url = "http://127.0.0.1:{port}/health", timeout = 300 }}
""",
        )
        try:
            yield house
        finally:
            house.close()


def left_behind() -> list[int]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if MARK in process.cmdline():
                found.append(process.pid)
    return found


def test_all_that_hang_are_waited_for_together_and_named(house: GhostHouse) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "ghostfix", "diagnose", "--format", "json", "--timeout", "3s"],
        cwd=house.folder,
        env={**house.environment, "PATH": f"{house.folder}/bin:/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,  # far below the 300 and 600 s of each one that hangs
        check=False,
    )
    assert answer.stderr == ""
    results = {result["check"]: result for result in json.loads(answer.stdout)["results"]}
    assert results["health-unreachable"]["reason"].endswith("health: no answer within 3 s")
    assert "environment: no answer within 3 s" in results["broken-venv"]["reason"]
    assert "cron: no answer within 3 s" in results["unlocked-cron-job"]["reason"]
    assert results["not-running"]["outcome"] == "found"
    assert results["process-count"]["outcome"] in ("clear", "found")
    assert left_behind() == []

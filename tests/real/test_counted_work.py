"""How much is done, counted by strace: no timing would say the same on every machine.

What is done for each process, whatever it is, is what makes a crowd expensive; what is started is what a
machine that is out of processes cannot give.
"""

import contextlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import GhostHouse
from tests.real.system_calls import OPENING, STARTING, Traced, traced

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
]

MORE = 40
_OF_A_PROCESS = re.compile(r"/proc/(\d+)\b")
_MAY_BE_ASKED = frozenset({"crontab", "getent", "systemctl"})
"""Programs that know what no file says to everybody. All others are asked only when their daemon is there."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    """A service that does not run, with a profile that asks for everything but a venv."""
    house = GhostHouse(tmp_path, 1)
    house.write("ghost.log", "all is well\n" * 1000)
    house.write(
        "ghostfix.toml",
        """
[services.ghost]
module = "nobody.runs.this"
pidfiles = ["pids/*.pid"]
ports = [1]
logs = ["*.log"]
health = { url = "http://127.0.0.1:1/health", timeout = 1 }
""",
    )
    try:
        yield house
    finally:
        house.close()


@contextlib.contextmanager
def crowd(house: GhostHouse) -> Iterator[set[int]]:
    """Idle processes of one kind, with a script's command line: the kind that has to be followed."""
    script = house.write("idle.sh", "#!/bin/sh\nread nothing\n")
    started = [
        subprocess.Popen(["/bin/sh", str(script)], cwd="/", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(MORE)
    ]
    try:
        yield {process.pid for process in started}
    finally:
        for process in started:
            process.communicate()


def run(house: GhostHouse, *arguments: str) -> Traced:
    command = (sys.executable, "-m", "ghostfix", *arguments)
    return traced(command, house.folder, house.environment, house.folder / "traces")


def opened(run: Traced, pids: set[int]) -> Counter[int]:
    """How many files were opened of each of these processes."""
    found: Counter[int] = Counter()
    for call in run.named(*OPENING):
        match = _OF_A_PROCESS.search(call.arguments)
        if match is not None and int(match[1]) in pids:
            found[int(match[1])] += 1
    return found


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        # Its folder, state and command line; its descriptors; and its variables, of one in a crowd of equals.
        (("diagnose", "--format", "json"), 5),
        # Only its descriptors, for whose port it is.
        (("why", ":1"), 1),
    ],
    ids=["diagnose", "why"],
)
def test_of_each_process_few_files_are_opened(
    house: GhostHouse, arguments: tuple[str, ...], files: int
) -> None:
    with crowd(house) as pids:
        counted = opened(run(house, *arguments), pids)
    assert counted.keys() <= pids
    assert max(counted.values(), default=0) <= files, counted
    assert sum(counted.values()) <= files * MORE


def test_no_program_is_started_that_is_not_needed(house: GhostHouse) -> None:
    started = [
        Path(call.words[0]).name
        for call in run(house, "diagnose", "--format", "json").named(*STARTING)
        if call.result.startswith("0")
    ]
    assert started[0].startswith("python")
    assert set(started[1:]) <= _MAY_BE_ASKED
    assert max(Counter(started).values()) <= 2


@pytest.mark.parametrize("arguments", [("why", ":1"), ("--help",), ("--version",)])
def test_nothing_is_started_to_tell_what_files_say(house: GhostHouse, arguments: tuple[str, ...]) -> None:
    started = [call for call in run(house, *arguments).named(*STARTING) if call.result.startswith("0")]
    assert len(started) == 1

"""``diagnose --observe``: a respawn that is seen live names who did it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import GhostHouse, free_port, wait_until

pytestmark = pytest.mark.real


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = GhostHouse(tmp_path, free_port())
    house.write("gpt_cursor_runner/__init__.py", "")
    house.write("gpt_cursor_runner/main.py", "import time\ntime.sleep(2)  # and it ends, again and again\n")
    house.write("ghostfix.toml", '[services.ghost]\nmodule = "gpt_cursor_runner.main"\n')
    house.write(
        "loop.sh",
        f"#!/bin/bash\nwhile true; do\n  {sys.executable} -m gpt_cursor_runner.main\n  sleep 0.3\ndone\n",
    )
    try:
        yield house
    finally:
        house.close()


def test_the_restarter_of_an_instance_that_ends_is_named(house: GhostHouse) -> None:
    house.start("/bin/bash", str(house.folder / "loop.sh"))
    wait_until(lambda: len(house.ghosts()) == 1, 10, "the service")
    answer = house.ghostfix("diagnose", "--observe", "8s", "--format", "json")
    assert answer.returncode == 1
    notes = json.loads(answer.stdout)["notes"]
    assert any(note.endswith("ended during the watch") for note in notes), notes
    started = [note for note in notes if "was started at" in note]
    assert started, notes
    assert any(f"by watchdog {house.folder}/loop.sh" in note for note in started), notes

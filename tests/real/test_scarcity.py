"""A machine that has nothing left is one that needs a diagnosis."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.small_house import SmallHouse, small_house
from tests.scarcity import Scarce, verdicts

pytestmark = [pytest.mark.real]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    with small_house(tmp_path) as house:
        house.haunt()
        yield house


def diagnosed(house: SmallHouse, scarce: Scarce | None) -> tuple[dict[str, str], str]:
    argv = (sys.executable, "-m", "ghostfix", "diagnose", "--format", "json")
    answer = subprocess.run(
        argv if scarce is None else scarce.command(argv),
        cwd=house.folder,
        env=house.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return (verdicts(json.loads(answer.stdout)) if answer.stdout else {}), answer.stderr


@pytest.fixture
def scarce(request: pytest.FixtureRequest) -> Iterator[Scarce]:
    try:
        with Scarce.of(processes=request.param, descriptors=64) as scarce:
            yield scarce
    except OSError as error:
        pytest.skip(f"control groups are root's business: {error}")


@pytest.mark.parametrize("scarce", [5], indirect=True)
def test_with_five_processes_and_64_descriptors_the_answer_is_the_same(
    house: SmallHouse, scarce: Scarce
) -> None:
    plenty, _ = diagnosed(house, None)
    assert "found" in plenty.values()
    few, said = diagnosed(house, scarce)
    assert few == plenty, said


@pytest.mark.parametrize("scarce", [0], indirect=True)
def test_with_no_process_left_it_says_what_it_could_not_look_at(house: SmallHouse, scarce: Scarce) -> None:
    none, said = diagnosed(house, scarce)
    assert said == ""
    assert none["duplicate-instance"] == "found"
    assert "crashed" not in none.values()

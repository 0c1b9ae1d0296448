"""A genuine client, of the protocol's own SDK, in an environment of its own: pydantic is none of ours."""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.small_house import SmallHouse, small_house

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(240)]
CLIENT = Path(__file__).with_name("client.py")


@pytest.fixture(scope="module")
def client_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdk")
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "mcp>=2,<3"]
    subprocess.run(install, check=True, timeout=200)
    return python


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    with small_house(tmp_path) as found:
        yield found


@pytest.mark.parametrize(("era", "version"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")])
def test_a_genuine_client_plans_a_repair_and_has_it_done(
    client_python: Path, house: SmallHouse, era: str, version: str
) -> None:
    server = (sys.executable, "-m", "ghostfix", "mcp", "--allow-repair")
    answer = subprocess.run(
        [client_python, CLIENT, era, *server],
        cwd=house.folder,
        env=house.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    told = json.loads(answer.stdout)
    assert told["version"] == version
    assert told["tools"] == ["diagnose", "why", "explain", "report", "plan_repair", "apply_repair"]
    assert '"verdict":"down"' in told["diagnose"]
    assert '"verdict":"healthy"' in told["done"], told["done"][:3000]
    assert len(house.ghost_pids()) == 1
    assert any(line.startswith("step 1 of ") for line in told["progress"])
    assert told["refused"] is True
    assert "this token is of no plan" in told["again"]
    assert len(house.runs()) == 1

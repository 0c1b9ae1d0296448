"""A genuine loop that keeps several services is ended for one: the others go on, and are named before."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.real.ghost_house import GhostHouse, free_port, listens, wait_until

pytestmark = pytest.mark.real

SERVER = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
LOOP = """
python=$1; web=$2; api=$3
$python -S worker.py &
setsid sh -c 'exec sleep 7000' agent &
while true; do
  (exec 3<>/dev/tcp/127.0.0.1/$web) 2>/dev/null || $python -S web.py $web &
  (exec 3<>/dev/tcp/127.0.0.1/$api) 2>/dev/null || $python -S api.py $api &
  sleep 2
done
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = GhostHouse(tmp_path, free_port())
    yield house
    house.close()


def running(house: GhostHouse, *words: str) -> list[psutil.Process]:
    return [one for one in house.inhabitants() if one.cmdline()[-len(words) :] == list(words)]


def test_only_the_loop_and_the_service_are_ended(house: GhostHouse) -> None:
    api = free_port()
    for name in ("web.py", "api.py"):
        house.write(name, SERVER)
    house.write("worker.py", "import time\ntime.sleep(9000)\n")
    house.write("keep.sh", LOOP)
    house.write("ghostfix.toml", f'[services.web]\nscript = "web.py"\nports = [{house.port}]\n')
    loop = house.start("bash", "keep.sh", sys.executable, str(house.port), str(api))
    wait_until(lambda: listens(house.port) and listens(api), 30, "both services")
    by_hand = free_port()
    house.start(sys.executable, "-S", "web.py", str(by_hand))
    wait_until(lambda: listens(by_hand), 30, "a second copy")
    (worker,), (agent,) = running(house, "worker.py"), running(house, "sleep", "7000")
    (server,) = running(house, "api.py", str(api))
    plan = house.ghostfix("repair", "--dry-run", "--no-start", "--format", "json").stdout
    dry = " ".join(step["preview"] for step in json.loads(plan)["plan"]["steps"])
    assert "goes on, and nobody starts it again" in dry
    for spared in (worker, agent, server):
        assert f"pid {spared.pid} " in dry
    answer = house.ghostfix("repair", "--yes", "--no-start")
    assert loop.wait(20) != 0, answer.stderr
    assert f"pid {loop.pid} (bash) ended on" in answer.stdout + answer.stderr
    for spared in (worker, agent, server):
        assert spared.is_running()
        assert spared.status() != psutil.STATUS_STOPPED
    assert listens(api)
    wait_until(lambda: not running(house, "sleep", "2"), 10, "no pause of the loop is left")

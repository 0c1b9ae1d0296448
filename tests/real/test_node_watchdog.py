"""Genuine Node programs that start a service again: found by the line that does it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import GhostHouse, free_port, wait_until

pytestmark = [pytest.mark.real]

SERVER = "require('fs').writeFileSync('up', ''); setInterval(() => {}, 60_000)\n"
WATCHDOGS = {
    "import.mjs": """
import { spawn as begin } from 'node:child_process';
import path from 'node:path';
const server = path.join(
  import.meta.dirname,
  'server.js',
);
function keep() {
  const child = begin(process.execPath, [server], { stdio: 'ignore' });
  child.on('exit', () => setTimeout(keep, 60_000));
}
keep();
""",
    "promise.cjs": """
const util = require('node:util');
const run = util.promisify(require('child_process').execFile);
const words = [`${__dirname}/server.js`];
const mark = 'a "quote".exec('.replace(/"[^"]*"\\.exec\\(/, '');
(async () => {
  for (;;) {
    await run('node', words).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
})();
""",
}
LINES = {"import.mjs": 9, "promise.cjs": 8}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = GhostHouse(tmp_path, free_port())
    house.write("server.js", SERVER)
    house.write("ghostfix.toml", '[services.web]\ncommand = ["node", "server.js"]\n')
    yield house
    house.close()


@pytest.mark.parametrize("name", WATCHDOGS)
def test_the_line_that_starts_it_again_is_found(house: GhostHouse, name: str) -> None:
    script = house.write(name, WATCHDOGS[name])
    watchdog = house.start("node", name)
    wait_until((house.folder / "up").exists, 30, "the watchdog has started the service")
    restarters = house.diagnose().report["restarters"]
    assert isinstance(restarters, list)
    (found,) = [each for each in restarters if each["kind"] == "watchdog"]
    assert watchdog.pid in found["pids"]
    assert (found["where"]["file"], found["where"]["line"]) == (str(script), LINES[name])


def test_what_is_handed_on_is_named_below_the_report(house: GhostHouse) -> None:
    """A wrapper that is handed ``spawn`` may start anything: that is reported, and the verdict stands."""
    house.write(
        "w.cjs",
        "require('fs').writeFileSync('up', '');\nsetInterval(keep, 60_000, require('child_process'));\n"
        "function keep(made) { made.spawn(process.env.WHAT) }\n",
    )
    house.start("node", "w.cjs")
    wait_until((house.folder / "up").exists, 30, "the script runs")
    notes = house.diagnose().report["notes"]
    assert isinstance(notes, list)
    assert any("could not follow what line 2 starts" in note and "w.cjs" in note for note in notes)

"""No room where ghostfix keeps its journal: looking goes on, and an act says how it is undone."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.ghost_house import GhostHouse, free_port

MOUNT = ("unshare", "--mount", "sh", "-c")


def _can_mount() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    script = "mount -t tmpfs none /mnt"
    return subprocess.run([*MOUNT, script], check=False, capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not _can_mount(), reason="only root can mount a small file system here"),
]
PAGES = 64
"""Pages of 4 KiB that the small file system has."""
GHOSTFIX = f"{shlex.quote(sys.executable)} -m ghostfix"
ENOUGH = 6
"""Pages that all of this repair needs, its report included."""
DEAD = 4_194_000
"""A PID that nobody has: more than a machine gives by itself."""


@dataclass(frozen=True)
class Told:
    status: int
    stdout: str
    stderr: str


@pytest.fixture
def house(tmp_path: Path) -> GhostHouse:
    """A service that does not run, with two stale PID files: two acts that can be undone."""
    house = GhostHouse(tmp_path, free_port())
    house.write("idle.py", "import time\ntime.sleep(1000)\n")
    house.write("one.pid", f"{DEAD}\n")
    house.write("two.pid", f"{DEAD + 1}\n")
    for name in ("one.pid", "two.pid"):
        os.utime(tmp_path / name, (1e9, 1e9))
    house.write(
        "ghostfix.toml",
        '[services.idle]\nscript = "idle.py"\npidfiles = ["one.pid", "two.pid"]\nstart = ["sleep", "1000"]\n',
    )
    (tmp_path / "state").mkdir()
    (tmp_path / "out").mkdir()
    return house


def in_small_state(house: GhostHouse, script: str, mount: str = f"size={PAGES * 4}k") -> list[Told]:
    """Runs the lines of a script with a small state folder, and gives what each of them said."""
    state, out = house.folder / "state", house.folder / "out"
    lines = [f"mount -t tmpfs -o {mount},mode=0700 none {state} || exit 99"]
    for n, line in enumerate(script.strip().splitlines()):
        lines.append(f"{line} >{out}/{n}.out 2>{out}/{n}.err; echo $? >{out}/{n}.status")
    subprocess.run(
        [*MOUNT, "\n".join(lines)],
        cwd=house.folder,
        env={**os.environ, "XDG_STATE_HOME": str(state), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        timeout=240,
        check=True,
    )
    return [
        Told(
            int((out / f"{n}.status").read_text()),
            (out / f"{n}.out").read_text(),
            (out / f"{n}.err").read_text(),
        )
        for n in range(len(script.strip().splitlines()))
    ]


def files(house: GhostHouse) -> dict[str, str]:
    return {path.name: path.read_text() for path in house.folder.iterdir() if path.name.endswith(".pid")}


REPAIR = f"{GHOSTFIX} repair --yes --no-start --format json"


@pytest.mark.parametrize("left", range(8))
def test_a_disk_that_is_full_at_any_instant_of_a_repair(house: GhostHouse, left: int) -> None:
    """Nothing is lost: what was done is told, with how to undo it, and undone when there is room again.

    One page is the lock's, one the journal's, and one each what is kept for a step; the report has more.
    """
    before = files(house)
    repair, undo = in_small_state(
        house,
        f"""
        head -c {(PAGES - left) * 4096} /dev/zero >state/filler && {REPAIR}
        rm state/filler && {GHOSTFIX} undo --yes
        """,
    )
    assert "internal error" not in repair.stderr
    assert files(house) == before
    assert undo.status == 0, undo.stderr
    assert bool(repair.stdout) == (left > 1)
    if not repair.stdout:
        assert repair.status == 4
        assert "nothing is done without a journal" in repair.stderr
        return
    run = json.loads(repair.stdout)["run"]
    states = [entry["state"] for entry in run["entries"]]
    assert set(states) <= {"done", "not-reached"}
    assert (states == ["done", "done"]) == (left > 3)
    assert repair.status == (0 if left > 3 else 4)
    if left < ENOUGH:
        assert "No space left on device" in repair.stderr
        assert f"`ghostfix undo {run['id']}` takes back" in repair.stderr
    else:
        assert "No space left" not in repair.stderr


@pytest.mark.parametrize("inodes", [1, 2, 3, 4, 6, 8])
def test_a_disk_without_room_for_one_more_file(house: GhostHouse, inodes: int) -> None:
    before = files(house)
    repair, diagnose = in_small_state(
        house,
        f"""
        {REPAIR}
        {GHOSTFIX} diagnose --only stale-pidfile --format json
        """,
        mount=f"size=1m,nr_inodes={inodes}",
    )
    assert repair.status == 4
    assert "internal error" not in repair.stderr
    assert "No space left on device" in repair.stderr
    if not repair.stdout:
        assert files(house) == before
    assert json.loads(diagnose.stdout)["schema"] == "ghostfix.report/1"


def test_a_diagnosis_that_is_to_be_kept_is_shown_first(house: GhostHouse) -> None:
    (kept,) = in_small_state(
        house,
        f"head -c {PAGES * 4096} /dev/zero >state/filler && {GHOSTFIX} diagnose --keep --format json",
    )
    assert json.loads(kept.stdout)["verdict"]
    assert kept.status == 4
    assert "No space left on device" in kept.stderr


def test_a_diagnosis_needs_no_journal(house: GhostHouse) -> None:
    """The former runs cannot be listed: that is a note, and no reason not to look."""
    runs = house.folder / "state/ghostfix/runs"
    runs.parent.mkdir(mode=0o700)
    runs.write_text("")
    environment = {**os.environ, "XDG_STATE_HOME": str(house.folder / "state")}
    answer, listed = (
        subprocess.run(
            [sys.executable, "-m", "ghostfix", *words],
            cwd=house.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for words in (("diagnose", "--format", "json"), ("undo", "--list"))
    )
    assert answer.returncode in (1, 3), answer.stderr
    (note,) = [note for note in json.loads(answer.stdout)["notes"] if "earlier repair" in note]
    assert str(runs) in note
    assert listed.returncode == 4
    assert f"`ls -ld {runs.parent}`" in listed.stderr

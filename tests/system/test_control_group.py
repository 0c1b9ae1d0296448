"""The limits of tasks that control groups set."""

from pathlib import Path

import pytest

from ghostfix.model.process import GroupTasks
from ghostfix.system.control_group import group_tasks


def group(root: Path, path: str, limit: str, count: int) -> None:
    folder = root / path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pids.max").write_text(f"{limit}\n")
    (folder / "pids.current").write_text(f"{count}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    group(tmp_path, "system.slice", "1000", 100)
    group(tmp_path, "system.slice/web.service", "64", 60)
    group(tmp_path, "system.slice/free.service", "max", 900)
    group(tmp_path, "system.slice/crowded.slice", "10", 9)
    group(tmp_path, "system.slice/crowded.slice/roomy.service", "100", 1)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/system.slice/web.service", GroupTasks(60, 64)),
        ("/system.slice/free.service", GroupTasks(100, 1000)),
        ("/system.slice/crowded.slice/roomy.service", GroupTasks(9, 10)),
        ("/user.slice", None),
        ("/", None),
        ("/../system.slice/web.service", None),
    ],
)
def test_the_narrowest_of_a_group_and_those_above(root: Path, path: str, expected: GroupTasks | None) -> None:
    assert group_tasks(path, (str(root),)) == expected


def test_a_file_that_is_no_number_sets_no_limit(root: Path) -> None:
    (root / "system.slice" / "pids.current").write_text("many")
    assert group_tasks("/system.slice", (str(root),)) is None

"""The real program, run in a folder of the test's own, and what it may never answer."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SECRET = "hunter2xyz"


@dataclass(frozen=True)
class Answered:
    """What the program answered; bytes that are no UTF-8 as surrogates."""

    status: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, object]:
        found = json.loads(self.stdout)
        assert isinstance(found, dict)
        return found

    @property
    def codes(self) -> set[str]:
        return {finding["code"] for result in self.results() for finding in findings(result)}

    @property
    def unread(self) -> dict[str, str]:
        """The checks that could not look, each with its reason."""
        return {str(row["check"]): str(row["reason"]) for row in self.results() if row["unread"]}

    def results(self) -> list[dict[str, object]]:
        rows = self.report["results"]
        assert isinstance(rows, list)
        return rows


def findings(result: dict[str, object]) -> list[dict[str, str]]:
    found = result["findings"]
    assert isinstance(found, list)
    return found


def ghostfix(
    folder: bytes | Path,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    python: Sequence[str] = (sys.executable,),
    prepare: Callable[[], None] | None = None,
    user: int | None = None,
) -> Answered:
    """Runs the program without a terminal; no fault of its own may ever show."""
    environment = {**os.environ, "XDG_STATE_HOME": "/proc/none", "COLUMNS": "100", **(variables or {})}
    answer = subprocess.run(
        [*python, "-m", "ghostfix", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=prepare,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    answered = Answered(
        answer.returncode,
        answer.stdout.decode(errors="surrogateescape"),
        answer.stderr.decode(errors="surrogateescape"),
    )
    assert "internal error" not in answered.stderr, answered.stderr
    assert "Traceback (most recent" not in answered.stderr, answered.stderr
    assert not any(row in answered.stdout for row in ('"outcome": "crashed"', "this check failed"))
    return answered


def profile(folder: Path, text: str) -> None:
    """A profile of the service ``bad`` with these keys."""
    (folder / "ghostfix.toml").write_text("[services.bad]\n" + textwrap.dedent(text))


def diagnosed(folder: Path, *arguments: str, **options: Mapping[str, str]) -> Answered:
    """The diagnosis as JSON."""
    answer = ghostfix(folder, "diagnose", "--format", "json", *arguments, variables=options.get("variables"))
    assert answer.stdout.startswith("{"), answer.stderr
    return answer


def python_of_everybody(user: int) -> tuple[str, dict[str, str]]:
    """A Python that this user may run and that finds ghostfix, and the variables that it needs for that."""
    root = Path(__file__).resolve().parents[2]
    packages = os.pathsep.join([str(root), *(path for path in sys.path if path.endswith("site-packages"))])
    own = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    choices: list[tuple[str, dict[str, str]]] = [(sys.executable, {}), (own, {"PYTHONPATH": packages})]
    for python, variables in choices:
        try:
            tried = subprocess.run(
                [python, "-c", "import ghostfix.cli, psutil"],
                cwd="/",
                env={**os.environ, **variables},
                user=user,
                group=user,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if tried.returncode == 0:
            return python, variables
    pytest.skip("no other user may run the Python of these tests")

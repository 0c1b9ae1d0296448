"""What a start loads: counted, for what is loaded in vain is what makes a start slow."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROFILE = """
[services.nobody]
module = "nobody.runs.this"
logs = ["ghost.log"]
"""
_IMPORT = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
NEVER = frozenset({"pydantic", "psutil", "crontab", "hypothesis", "email.mime", "asyncio", "unittest"})
"""Nobody needs them on Linux: not to start, and not to look."""


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The modules that a call of ghostfix loads."""
    (folder / "ghostfix.toml").write_text(PROFILE)
    environment = {**os.environ, "XDG_STATE_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ghostfix", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert answer.stdout, answer.stderr[-2000:]
    return set(_IMPORT.findall(answer.stderr))


@pytest.mark.skipif(sys.platform != "linux", reason="psutil is how macOS is read")
@pytest.mark.parametrize(
    ("arguments", "others"),
    [
        (("--version",), {"typer", "rich", "msgspec", "subprocess", "ghostfix.machine"}),
        (("--help",), {"msgspec", "tree_sitter", "ghostfix.machine", "ghostfix.checks", "ghostfix.survey"}),
        (
            ("why", str(os.getpid())),
            {"rich", "typer", "ghostfix.checks", "ghostfix.renderers", "ghostfix.survey", "http.client"},
        ),
        (
            ("diagnose", "--format", "json"),
            {
                "typer",
                "rich",
                "hashlib",
                "ssl",
                "encodings.idna",
                "ghostfix.renderers.html",
                "ghostfix.renderers.terminal",
            }
            | {"ghostfix.renderers.junit", "ghostfix.scripts.node_script", "http.client"},
        ),
    ],
    ids=["version", "help", "why", "diagnose"],
)
def test_nothing_is_loaded_that_is_not_needed(
    arguments: tuple[str, ...], others: set[str], tmp_path: Path
) -> None:
    found = loaded(tmp_path, *arguments)
    assert "ghostfix" in found
    assert found & (NEVER | others) == set()


def test_the_version_is_told_by_next_to_nothing(tmp_path: Path) -> None:
    own = {name for name in loaded(tmp_path, "--version") if name.startswith("ghostfix")}
    assert own == {"ghostfix", "ghostfix.cli", "ghostfix.errors", "ghostfix.streams"}


def test_only_the_format_that_is_asked_for_is_loaded(tmp_path: Path) -> None:
    found = loaded(tmp_path, "diagnose", "--format", "markdown")
    others = {f"ghostfix.renderers.{name}" for name in ("terminal", "html", "junit", "github")}
    assert found & (others | {"rich"}) == set()

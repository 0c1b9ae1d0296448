"""What a start loads, compiles, opens and starts: counted, for what is done in vain is what makes it slow.

Each question is asked as people type it, in several orders of its words: there is one way to its answer.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from ghostfix.commands.application import COMMANDS
from tests.system.server import answer, says, serving

PROFILE = """
[services.nobody]
module = "nobody.runs.this"
logs = ["ghost.log"]
pidfiles = ["nobody.pid"]
"""
COUNTER = Path(__file__).with_name("counted_start.py")
NEVER = frozenset({"pydantic", "psutil", "crontab", "hypothesis", "email.mime", "asyncio", "unittest"})
"""No question needs them on Linux: not to start, and not to look."""
HTTP = frozenset({"http.client", "ssl", "email.parser", "encodings.idna", "hashlib"})
"""For an encrypted page or a certificate; OpenSSL's hashes are with them."""
LOOKING = frozenset(
    {
        "ghostfix.diagnosis.checks",
        "ghostfix.survey.survey",
        "ghostfix.report.formats",
        "ghostfix.diagnosis.diagnosis",
    }
)
ACTING = frozenset({"ctypes", "tree_sitter_javascript", "json", "plistlib", "ghostfix.commands.carry_out"})
OTHER_FORMATS = frozenset(
    f"ghostfix.report.formats.{name}" for name in ("html", "junit", "github", "markdown")
)
LIMITS = frozenset({"ghostfix.model.service"})
"""The limits of the profile: msgspec compiles their patterns when they are written down."""
_OF_A_PROCESS = {"stat", "cmdline", "status", "environ", "cgroup"}


@dataclass
class Counted:
    """What one start did, by kind; the output apart."""

    output: str
    folder: Path
    """Where it was called."""
    of: dict[str, Counter[str]] = field(default_factory=dict)

    def names(self, kind: str) -> set[str]:
        return set(self.of.get(kind, ()))

    def number(self, kind: str, prefix: str = "") -> int:
        found = self.of.get(kind, Counter[str]())
        return sum(times for name, times in found.items() if name.startswith(prefix))


Ask = Callable[[tuple[str, ...]], Counted]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """What a call of ghostfix does, in a folder with a service that does not run; each is called once."""

    @cache
    def asked(words: tuple[str, ...]) -> Counted:
        return _counted(tmp_path_factory.mktemp("counted"), words)

    return asked


def _counted(folder: Path, words: tuple[str, ...], profile: str = PROFILE) -> Counted:
    (folder / "ghostfix.toml").write_text(profile)
    record, process = folder / "record", str(os.getpid())
    environment = {**os.environ, "XDG_STATE_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        [sys.executable, str(COUNTER), str(record), *(word.replace("OURSELVES", process) for word in words)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.stdout, ended.stderr[-2000:]
    found = Counted(ended.stdout, folder)
    for line in record.read_text().splitlines():
        kind, _, name = line.partition(" ")
        found.of.setdefault(kind, Counter())[name] += 1
    return found


def orders(*lines: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in lines)


DIAGNOSE = orders(
    "diagnose", "diagnose nobody", "diagnose --timeout 20s nobody", "diagnose -v --fail-on error"
)
DIAGNOSE_JSON = orders(
    "diagnose --format json",
    "diagnose -f json",
    "diagnose nobody --format=json",
    "diagnose --fail-on warning --format json -- nobody",
)
REPAIR = orders("repair --dry-run", "repair -n nobody", "repair nobody --dry-run --no-start")
WHY = orders("why OURSELVES", "why --json OURSELVES", "why OURSELVES --json", "why -v OURSELVES")
RUN = orders(
    "run nobody -- /bin/echo ran",
    "run -- /bin/echo ran",
    "run --quiet nobody -- /bin/echo ran",
    "run nobody --if-running=wait -- /bin/echo ran",
)
EXPLAIN = orders("explain", "explain stale-pidfile")
TYPED = (*DIAGNOSE, *DIAGNOSE_JSON, *REPAIR, *WHY, *RUN, *EXPLAIN)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="psutil is how macOS is read")


@on_linux
@pytest.mark.parametrize(
    ("words", "others"),
    [
        (("--version",), {"typer", "rich", "msgspec", "subprocess", "ghostfix.model.machine"}),
        (("--help",), {"msgspec", "tree_sitter", "ghostfix.model.machine", *LOOKING}),
        *((words, {*HTTP, *ACTING, *OTHER_FORMATS}) for words in DIAGNOSE),
        *(
            (words, {"rich", "ghostfix.report.formats.terminal", *HTTP, *ACTING, *OTHER_FORMATS})
            for words in DIAGNOSE_JSON
        ),
        *((words, {*HTTP, *ACTING, *OTHER_FORMATS} - {"ghostfix.commands.carry_out"}) for words in REPAIR),
        *((words, {"rich", *HTTP, *ACTING, *LOOKING}) for words in WHY if words[1] != "-v"),
        *((words, {"rich", "tree_sitter", "plistlib", *HTTP, *LOOKING}) for words in RUN),
        *(
            (words, {"rich", "ghostfix.survey.survey", "ghostfix.report.formats", *HTTP, *ACTING})
            for words in EXPLAIN
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_nothing_is_loaded_that_is_not_needed(words: tuple[str, ...], others: set[str], ask: Ask) -> None:
    found = ask(words).names("module")
    assert "ghostfix.model.errors" in found
    assert found & (NEVER | others) == set()


@on_linux
@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_only_the_invoked_command_is_loaded_and_typer_once_without_its_help(
    words: tuple[str, ...], ask: Ask
) -> None:
    found = ask(words).names("module")
    commands = {
        name for name in COMMANDS if found & {f"ghostfix.commands.{name}{end}" for end in ("", ".command")}
    }
    assert commands == {words[0]}
    assert "typer" in found
    assert found & {"typer.rich_utils", "typer.testing", "typer.cli"} == set()


@on_linux
@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_no_pattern_is_compiled_before_it_is_used(words: tuple[str, ...], ask: Ask) -> None:
    assert ask(words).names("early") <= LIMITS


@on_linux
def test_what_is_only_listed_compiles_and_opens_nothing(ask: Ask) -> None:
    for words in (*EXPLAIN, ("--help",), ("--version",)):
        done = ask(words)
        compiled = done.of.get("pattern", Counter[str]()).keys()
        assert {name for name in compiled if name.startswith("ghostfix.")} <= LIMITS
        assert done.names("file") | done.names("command") == set()


@on_linux
@pytest.mark.parametrize(("lines", "programs"), [(WHY[:3], set()), (RUN, {"/bin/echo"})], ids=["why", "run"])
def test_no_order_of_the_words_starts_a_program_more(
    lines: tuple[tuple[str, ...], ...], programs: set[str], ask: Ask
) -> None:
    """What a diagnosis may start depends on the machine's daemons: ``tests/real/test_counted_work.py``."""
    for words in lines:
        started = ask(words).of.get("command", Counter[str]())
        assert started.keys() == programs, words
        assert max(started.values(), default=0) <= 1, words


@on_linux
def test_run_opens_what_says_who_runs_and_nothing_else(ask: Ask) -> None:
    for words in RUN:
        done = ask(words)
        assert done.output == "ran\n"
        own = {Path(name).name for name in done.names("file") if not name.startswith("/proc/")}
        assert "nobody.pid" in own
        others = {name for name in own if not name.startswith((".nobody.pid.", "counted"))}
        way = {"", *done.folder.parts}  # each folder of the way is opened by its name
        assert others <= {"ghostfix.toml", "nobody.pid", *_OF_A_PROCESS, *way}


@on_linux
def test_a_page_of_this_machine_is_asked_without_what_only_an_encrypted_one_needs(tmp_path: Path) -> None:
    with serving(says(answer(b"well"))) as port:
        health = f'health = {{ url = "http://127.0.0.1:{port}/" }}\n'
        done = _counted(tmp_path, ("diagnose", "--format", "json"), PROFILE + health)
    asked = {result["check"]: result["outcome"] for result in json.loads(done.output)["results"]}
    assert asked["health-unreachable"] == "clear"
    assert "ghostfix.system.http" in done.names("module")
    assert done.names("module") & {*HTTP, "email", "urllib.request"} == set()


def test_the_version_is_told_by_next_to_nothing(ask: Ask) -> None:
    own = {name for name in ask(("--version",)).names("module") if name.startswith("ghostfix")}
    assert own <= {
        "ghostfix",
        "ghostfix.cli",
        "ghostfix.model",
        "ghostfix.model.errors",
        "ghostfix.report",
        "ghostfix.report.safe_stream",
    }


def test_only_the_format_that_is_asked_for_is_loaded(ask: Ask) -> None:
    found = ask(("diagnose", "--format", "markdown")).names("module")
    others = {f"ghostfix.report.formats.{name}" for name in ("terminal", "html", "junit", "github")}
    assert found & (others | {"rich"}) == set()

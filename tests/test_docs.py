"""The documentation: pages made from the code are fresh, and the commands that it shows work.

A block that begins with ``sh run`` is run in a folder of its own, and has to end with 0, or with the
number that follows; one with ``sh run machine`` in a throw-away machine, where it may change crontabs and
units. Of every other command the options must exist.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ghostfix.model.machine import ActingSystem
from ghostfix.repair.every_step import STEPS
from tests import reference_page
from tests.real.restarter_bench import inside, machine, no_systemd

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MADE = {"reference.md": reference_page.reference, "ghostfix.1": reference_page.man_page}
_BLOCK = re.compile(
    r"^```(?P<kind>\w+)(?P<run> run)?(?P<machine> machine)?(?: (?P<code>\d+))?\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(
    r"^(?:\s*- run: )?ghostfix (?P<name>fleet [a-z]+|[a-z]+)(?P<rest>[^\n#|>]*)", re.MULTILINE
)


def blocks() -> list[tuple[str, re.Match[str]]]:
    pages = [ROOT / "README.md", *sorted(DOCS.glob("tutorial*.md")), *sorted(DOCS.glob("how-to*.md"))]
    return [(page.name, block) for page in pages for block in _BLOCK.finditer(page.read_text("utf-8"))]


RUN = [(page, block) for page, block in blocks() if block["run"]]


@pytest.mark.parametrize("name", MADE)
def test_a_page_made_from_the_code_is_fresh(name: str) -> None:
    """``GHOSTFIX_UPDATE_DOCS=1 pytest tests/test_docs.py`` writes them anew."""
    if os.environ.get("GHOSTFIX_UPDATE_DOCS"):
        (DOCS / name).write_text(MADE[name](), encoding="utf-8")
    assert (DOCS / name).read_text(encoding="utf-8") == MADE[name]()


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "block"), [pytest.param(*one, id=f"{one[0]}-{n}") for n, one in enumerate(RUN)]
)
def test_a_block_runs(page: str, block: re.Match[str], tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        before: tuple[str, ...] = ()
        if block["machine"]:
            lacking = no_systemd()
            if lacking is not None:
                pytest.skip(lacking)
            stack.enter_context(machine(tmp_path / "machine"))
            before = (*inside(tmp_path / "machine"), "env", f"PATH={_path()}", "HOME=/root", "COLUMNS=100")
        answer = _run(before, block["text"], tmp_path)
    assert answer.returncode == int(block["code"] or 0), answer.stdout + answer.stderr


def _path() -> str:
    """The programs of the tests' own Python first."""
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def _run(before: tuple[str, ...], script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": _path(),
        "XDG_STATE_HOME": str(folder / "state"),
        "COLUMNS": "100",
    }
    return subprocess.run(
        [*before, "bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def shown() -> tuple[str, ...]:
    """The commands of the blocks that are not run as they stand, each once; those of a fleet need one."""
    texts = [block["text"] for _, block in blocks() if not block["run"]]
    found = [match for text in texts for match in _COMMAND.finditer(text)]
    alone = (match for match in found if not match["name"].startswith("fleet"))
    return tuple(dict.fromkeys(f"ghostfix {match['name']}{match['rest']}".strip() for match in alone))


def typed(command: str) -> str:
    """As it is shown, but a watch for a second only, and without writing outside the folder."""
    if command.startswith("ghostfix init"):
        return command.replace("init", "init --output drafted.toml")
    if command.startswith("ghostfix watch"):
        return re.sub(r" --for \S+|/var/lib/node_exporter/", "", command) + " --for 1s"
    return command


WEB = """[services.web]
script = "web.py"
ports = [5555]
start = ["/bin/true"]
"""
SERVER = """
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
ThreadingHTTPServer(("127.0.0.1", 5555), SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_command_shown_can_be_typed(tmp_path: Path) -> None:
    """Beside a service that runs on the port of the examples; no command is refused as it is written."""
    (tmp_path / "web.py").write_text(SERVER)
    (tmp_path / "ghostfix.toml").write_text(WEB)
    service = subprocess.Popen([sys.executable, "web.py"], cwd=tmp_path)
    try:
        for command in shown():
            answer = _run((), typed(command), tmp_path)
            assert answer.returncode in (0, 1, 4), f"{command}\n{answer.stdout}{answer.stderr}"
            may_refuse = command.startswith(("ghostfix undo", "ghostfix adopt"))  # no run yet, no systemd
            assert answer.returncode != 4 or may_refuse, f"{command}\n{answer.stderr}"
    finally:
        service.kill()
        service.wait()


def in_sentences() -> list[re.Match[str]]:
    """The commands that stand between backquotes, on every page."""
    pages = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
    quoted = re.compile(r"`(ghostfix [^`]*)`")
    texts = [text for page in pages for text in quoted.findall(page.read_text("utf-8"))]
    matches = (_COMMAND.match(text.replace("\n", " ")) for text in texts)
    return [match for match in matches if match and match["name"] != "fleet"]


def test_every_command_shown_exists_with_its_options() -> None:
    shown = [match for _, block in blocks() for match in _COMMAND.finditer(block["text"])]
    shown += in_sentences()
    assert len(shown) >= 60
    known = reference_page.commands()
    for match in shown:
        assert match["name"] in known, match.group()
        options = " ".join(reference_page.options(match["name"])).replace(",", "").split()
        used = re.findall(r"(?<=\s)--?[a-z][a-z-]*", match["rest"])
        assert [one for one in used if one not in options] == [], match.group()


@pytest.mark.parametrize(
    "page", ["README.md", "llms.txt", "CHANGELOG.md", *(f"docs/{p.name}" for p in DOCS.glob("*.md"))]
)
def test_every_link_leads_to_a_file(page: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", (ROOT / page).read_text("utf-8"))
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.real
def test_the_man_page_is_one() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    answer = subprocess.run(
        [groff, "-man", "-ww", "-Tascii", str(DOCS / "ghostfix.1")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""


def _rows(page: str) -> list[tuple[str, list[str]]]:
    """The tables of a page: the codes in each row's first cell, and all of its cells."""
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| `")]
    return [(row[0], [cell.strip() for cell in row]) for row in rows]


def test_every_step_and_every_act_says_what_protects_it() -> None:
    """Whoever adds one goes through it with the eyes of another user of the machine, and says so."""
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    named = {
        code: cells for first, cells in _rows(page) for code in re.findall(r"`([a-z][a-z0-9_-]*)`", first)
    }
    acts = {name for name in vars(ActingSystem) if not name.startswith("_")} | {"read_as_owner"}
    steps = {str(step.__struct_config__.tag) for step in STEPS}
    assert (acts | steps) - set(named) == set()
    assert [code for code in steps | acts if not all(named[code][:2])] == []
    assert {code for code in named if "-" in code} - steps == set()


def test_no_page_installs_what_is_not_ours() -> None:
    """The name ``ghostfix`` on the public package index is another project's program: never a bare name."""
    pages = [
        path for folder in ("docs", ".github", "ghostfix", "packaging") for path in (ROOT / folder).rglob("*")
    ]
    pages += [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / ".ci/run"]
    bare = re.compile(
        r"(?:pip3? install|pipx install|pipx run|uv tool install|uv pip install|uvx|pip wheel)[^\n`#]*"
    )
    name = re.compile(r"""(?<![\w./-])['"]?ghostfix(?:\[[\w,]+\])?(?:[=<>~!][^\s]*)?['"]?(?=\s|$)""")
    found = [
        f"{page}: {command.group()}"
        for page in pages
        if page.is_file() and page.suffix in ("", ".md", ".py", ".yml", ".yaml", ".toml", ".txt")
        for command in bare.finditer(page.read_text(errors="replace"))
        if name.search(command.group())
    ]
    assert found == []


@pytest.mark.parametrize("unit", ["ghostfix-monitor@.service", "ghostfix-monitor@.timer"])
def test_the_units_of_the_how_to_are_those_of_the_package(unit: str) -> None:
    page = (DOCS / "how-to-monitoring.md").read_text("utf-8")
    shown = re.search(rf"system/{re.escape(unit)} <<'?END'?\n(.*?)^END$", page, re.MULTILINE | re.DOTALL)
    assert shown is not None
    text = shown[1].replace("$(command -v ghostfix)", "/usr/bin/ghostfix").replace("\\$", "$")
    assert text == (ROOT / "packaging/systemd" / unit).read_text("utf-8")


# the places that the pages name

PACKAGE = ROOT / "ghostfix"
_FILE = re.compile(r"(?<![\w/.~*-])(?:[\w-]+/)+[\w-]+\.py\b")
_FOLDER = re.compile(r"`((?:[\w-]+/)+)`")
_OF_OTHERS = re.compile(r"^## Models to learn from.*?^(?=## )", re.MULTILINE | re.DOTALL)
"""A section of the design about the repositories of others."""
_TREE = re.compile(r"^ghostfix/\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"(?<![\w/])\w+(?:/(?=[\s,)]|$)|\.py\b)")
_ATTRIBUTE = re.compile(r"`([A-Z]\w+)\.([a-z_]+)`")


def design() -> str:
    return _OF_OTHERS.sub("", (DOCS / "design.md").read_text(encoding="utf-8"))


def exists(place: str) -> bool:
    """Whether a file or folder of this name is in the repository or in the package; NAME stands for any."""
    pattern = place.rstrip("/").replace("NAME", "*")
    return any(True for folder in (ROOT, PACKAGE) for _ in folder.glob(pattern))


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{path.name}" for path in DOCS.glob("*.md"))])
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    text = design() if page == "docs/design.md" else (ROOT / page).read_text(encoding="utf-8")
    assert sorted({place for place in _FILE.findall(text) if not exists(place)}) == []


def test_every_folder_that_the_design_names_is_there() -> None:
    named = set(_FOLDER.findall(design()))
    assert len(named) >= 5
    assert sorted(place for place in named if not exists(place)) == []


def drawn() -> list[tuple[Path, str]]:
    """The members of the design's tree, each with the folder of its chapter."""
    tree = _TREE.search(design())
    assert tree is not None
    found, chapter = [], PACKAGE
    for line in tree[1].splitlines():
        if re.match(r"  \w+/", line):
            chapter = PACKAGE / line.split("/")[0].strip()
        elif re.match(r"  \w", line):
            chapter = PACKAGE
        found += [(chapter, name.rstrip("/")) for name in _MEMBER.findall(line)]
    return found


def test_the_tree_of_the_design_is_that_of_the_package() -> None:
    members = drawn()
    missing = [name for chapter, name in members if chapter.name != name and not [*chapter.rglob(name)]]
    assert missing == []
    chapters = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {chapter.name for chapter, _ in members} - {PACKAGE.name} == chapters
    families = {path.parent for path in PACKAGE.glob("*/*/__init__.py")}
    undrawn = {str(path.relative_to(PACKAGE)) for path in families if (path.parent, path.name) not in members}
    assert undrawn == set()


def test_every_attribute_that_the_design_names_is_there() -> None:
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    for record, name in _ATTRIBUTE.findall(design()):
        own = [text for text in sources if re.search(rf"^class {record}\b", text, re.MULTILINE)]
        assert any(re.search(rf"^    (?:def )?{name}\b", text, re.MULTILINE) for text in own), (record, name)

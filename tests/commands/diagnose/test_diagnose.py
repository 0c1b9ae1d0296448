"""The forms of a diagnosis, by the program itself: formats, kept ones, snapshots, waiting."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from ghostfix.report.formats import FORMATS
from ghostfix.report.schema import report_schema
from tests.commands.test_cli import ghostfix

DOWN = '[services.web]\ncommand = ["/opt/no/such/service"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ghostfix.toml").write_text(DOWN)
    return tmp_path


@pytest.mark.real
def test_every_format_tells_the_same_finding_with_the_same_exit_code(folder: Path) -> None:
    for name in FORMATS:
        answer = ghostfix(folder, "diagnose", "--only", "not-running", "--format", name)
        assert (answer.returncode, "not-running" in answer.stdout) == (1, True), name


@pytest.mark.real
def test_monitoring_reads_a_line_and_an_exit_code_of_its_own(folder: Path) -> None:
    answer = ghostfix(folder, "diagnose", "--only", "not-running", "--format", "nagios")
    assert (answer.returncode, answer.stderr) == (2, "")
    assert answer.stdout.startswith("GHOSTFIX CRITICAL - web is down")
    assert answer.stdout.count("\n") == 1
    for mistake in (("nosuch",), ("--config", "/no/such"), ("--only", "nonsense"), ("--timeout", "x")):
        answer = ghostfix(folder, "diagnose", *mistake, "--format", "nagios")
        assert (answer.returncode, answer.stderr) == (3, ""), mistake
        assert answer.stdout.startswith("GHOSTFIX UNKNOWN - ")
        assert answer.stdout.count("\n") == 1
    assert ghostfix(folder, "diagnose", "--format", "openmetrics").returncode == 1
    assert ghostfix(folder, "repair", "--dry-run", "--format", "nagios").returncode == 2


@pytest.mark.real
def test_what_is_printed_for_programs_is_valid(folder: Path) -> None:
    document = json.loads(ghostfix(folder, "diagnose", "--format", "json").stdout)
    jsonschema.validate(document, json.loads(report_schema()))
    assert ghostfix(folder, "schema").stdout == report_schema()
    suites = ElementTree.fromstring(ghostfix(folder, "diagnose", "--format", "junit").stdout)
    assert suites[0].get("name") == "web"


@pytest.mark.real
def test_a_diagnosis_writes_nothing_unless_it_is_to_be_kept(folder: Path) -> None:
    ghostfix(folder, "diagnose")
    assert not (folder / "state").exists()
    assert ghostfix(folder, "report").returncode == 4
    kept = ghostfix(folder, "diagnose", "--keep", "--format", "json")
    name = kept.stderr.split()[-1]
    again = ghostfix(folder, "report", "--format", "json")
    assert (again.stdout, again.returncode) == (kept.stdout, kept.returncode)
    assert ghostfix(folder, "report", "--list").stdout == f"{name}\n"
    assert ghostfix(folder, "report", name, "--format", "json").stdout == kept.stdout
    assert ghostfix(folder, "report", "d20200101-000000-0000").returncode == 4


@pytest.mark.real
def test_a_snapshot_is_judged_again_with_the_same_result(folder: Path, tmp_path: Path) -> None:
    here = ghostfix(folder, "diagnose", "--format", "json", "--save-snapshot", "look.json")
    (folder / "ghostfix.toml").unlink()
    there = ghostfix(folder, "diagnose", "--format", "json", "--from-snapshot", "look.json")
    assert (there.stdout, there.returncode) == (here.stdout, here.returncode)
    assert ghostfix(folder, "diagnose", "--from-snapshot", "look.json", "--observe", "1s").returncode == 2


@pytest.mark.real
def test_a_difference_is_told_and_is_the_exit_code(folder: Path) -> None:
    for name, skip in (("a.json", "disk-full"), ("b.json", "not-running")):
        ghostfix(folder, "diagnose", "--skip", skip, "--format", "json", "--output", name)
    same = ghostfix(folder, "diff", "a.json", "a.json")
    assert (same.returncode, same.stdout.splitlines()[0]) == (0, "new: 0")
    differs = ghostfix(folder, "diff", "a.json", "b.json")
    assert differs.returncode == 1
    assert "- web: " in differs.stdout
    gone = json.loads(ghostfix(folder, "diff", "a.json", "b.json", "--json").stdout)["gone"]
    assert [change["finding"]["code"] for change in gone] == ["not-running"]
    (folder / "c.json").write_text("{}")
    assert ghostfix(folder, "diff", "a.json", "c.json").returncode == 2


@pytest.mark.real
def test_a_workflow_gets_its_summary(folder: Path) -> None:
    summary = folder / "summary.md"
    summary.write_text("before\n")
    answer = ghostfix(folder, "diagnose", "-f", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert "::error title=ghostfix not-running::" in answer.stdout
    assert summary.read_text().startswith("before\n# web: ")


class _Health(BaseHTTPRequestHandler):
    """Is well when the service was started; once armed with its command, being asked starts it."""

    service: tuple[str, ...] = ()
    started: list[subprocess.Popen[bytes]]

    def do_GET(self) -> None:
        well = bool(self.started)
        if self.service and not well:
            self.started.append(subprocess.Popen(self.service, stdin=subprocess.PIPE, start_new_session=True))
        self.send_response(200 if well else 503)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.real
def test_a_service_that_becomes_healthy_is_waited_for_and_then_nothing_is_said(tmp_path: Path) -> None:
    _Health.started = []
    server = HTTPServer(("127.0.0.1", 0), _Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import sys\nsys.stdin.read()\n")
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    (tmp_path / "ghostfix.toml").write_text(
        f'[services.web]\nscript = "sleeper.py"\nhealth = {{ url = "{url}" }}\n'
    )
    words = ("diagnose", "-q", "--format", "github", "--only", "not-running")
    try:
        impatient = ghostfix(tmp_path, *words)
        _Health.service = (sys.executable, str(sleeper))
        patient = ghostfix(tmp_path, *words, "--wait-healthy", "30s")
    finally:
        server.shutdown()
        server.server_close()
        for process in _Health.started:
            process.communicate()
    assert (impatient.returncode, "::error" in impatient.stdout) == (1, True)
    assert (patient.returncode, patient.stdout, patient.stderr) == (0, "", "")
    assert len(_Health.started) == 1


ORDERS = (
    "diagnose --format json --only not-running -- web",
    "diagnose web --only not-running --format json",
    "diagnose -f json web --only=not-running",
    "diagnose --only not-running --fail-on error --timeout 30s --format=json web",
)


@pytest.mark.real
def test_the_order_of_the_words_makes_no_difference(folder: Path) -> None:
    answers = [ghostfix(folder, *line.split()) for line in ORDERS]
    assert {answer.returncode for answer in answers} == {1}
    # How many processes there are is the machine's, and changes between the two.
    told = [re.sub(r"looked at \d+ processes", "", answer.stdout) for answer in answers]
    first, *others = (json.loads(text)["results"] for text in told)
    assert all(other == first for other in others)


@pytest.mark.real
@pytest.mark.parametrize(
    ("line", "status", "complaint"),
    [
        ("diagnose --format json -- nosuch", 2, "no service called `nosuch`"),
        ("diagnose nosuch --format json", 2, "no service called `nosuch`"),
        ("diagnose --format json --fail-on never", 2, "never"),
        ("diagnose --format json --fail-on", 2, "--fail-on"),
        ("diagnose --format json -- web shop", 2, "shop"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(folder: Path, line: str, status: int, complaint: str) -> None:
    wrong = ghostfix(folder, *line.split())
    assert (wrong.returncode, wrong.stdout) == (status, "")
    assert complaint in wrong.stderr

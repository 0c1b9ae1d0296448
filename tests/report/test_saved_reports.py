"""Reports that are read back from where an earlier version kept them."""

from pathlib import Path

import msgspec
import pytest

from ghostfix.model.errors import ExitCode
from ghostfix.model.machine import Platform
from ghostfix.model.report import Verdict
from ghostfix.repair.state_folder import state_folder
from ghostfix.report.formats import terminal
from ghostfix.report.output_options import Layout
from ghostfix.report.saved_reports import kept_diagnoses, kept_report, newest
from tests.earlier_version import within
from tests.fake_system import FakeSystem

FOLDER = Path(__file__).parent / "version_0_1_0"
"""``ghostfix diagnose --keep`` of that version, on the machines of two incidents."""
ID = "d20260302-090100-7533"


@pytest.mark.parametrize("platform", Platform)
def test_a_diagnosis_that_version_0_1_0_kept_is_shown(platform: Platform) -> None:
    system = FakeSystem(platform)
    content = (FOLDER / f"{platform.value}.json").read_bytes()
    system.add_file(f"{state_folder(system)}/diagnoses/{ID}.json", content, 0o600)
    assert (kept_diagnoses(system), newest(system)) == ((ID,), ID)
    report = kept_report(system, ID)
    assert (report.verdict, ExitCode(report.exit_code)) == (Verdict.DEGRADED, ExitCode.FINDINGS)
    document = msgspec.json.decode(content)
    assert within(document, msgspec.json.decode(msgspec.json.encode(report)))
    text = terminal.render(report, Layout())
    codes = {finding["code"] for result in document["results"] for finding in result["findings"]}
    assert codes
    assert [code for code in codes if code not in text] == []

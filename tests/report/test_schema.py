"""Every JSON document that ghostfix prints is what its schema says."""

import json
from pathlib import Path

import jsonschema
import pytest

from ghostfix.commands.diagnoses import diagnose
from ghostfix.repair.plan import Choices
from ghostfix.repair.plan import plan as make_repair
from ghostfix.report.formats import json as renderer
from ghostfix.report.output_options import Layout
from ghostfix.report.reports import diagnosis_report
from ghostfix.report.schema import report_schema
from ghostfix.service import profile
from tests.machine_folder import MACHINES, load, names
from tests.report.formats import SITUATIONS

PAGE = Path(__file__).parents[2] / "docs" / "report.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(report_schema()))


def test_the_committed_schema_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == report_schema(), "ghostfix schema > docs/report.schema.json"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(report_schema()))


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_situation_validates(name: str) -> None:
    VALIDATOR.validate(json.loads(renderer.render(SITUATIONS[name])))


def test_several_reports_validate() -> None:
    VALIDATOR.validate(json.loads(renderer.render_all(tuple(SITUATIONS.values()))))


@pytest.mark.parametrize("name", names()[::5])
def test_the_plan_for_a_machine_validates(name: str) -> None:
    system = load(MACHINES / name)
    (service,) = profile.load(system, None, None)
    diagnosis = diagnose(system, service)
    report = diagnosis_report(system, diagnosis, plan=make_repair(diagnosis, Choices()))
    VALIDATOR.validate(json.loads(renderer.render(report, Layout())))


@pytest.mark.parametrize(
    ("key", "value"), [("verdict", "fine"), ("exit_code", "1"), ("instances", None), ("results", [{}])]
)
def test_another_document_does_not_validate(key: str, value: object) -> None:
    document = json.loads(renderer.render(SITUATIONS["incident"]))
    document[key] = value
    assert not VALIDATOR.is_valid(document)

"""The GitHub action: its step, run as GitHub's runner runs it, and the workflow that uses it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from msgspec import Struct, convert

ROOT = Path(__file__).resolve().parents[2]
DOWN = '[services.web]\ncommand = ["/opt/no/such/service"]\n'


class Input(Struct):
    description: str
    default: str


class Output(Struct):
    description: str
    value: str


class Step(Struct, rename="kebab"):
    run: str
    env: dict[str, str]
    id: str
    shell: str
    working_directory: str


class Runs(Struct):
    using: str
    steps: list[Step]


class Action(Struct):
    inputs: dict[str, Input]
    outputs: dict[str, Output]
    runs: Runs


def action() -> Action:
    return convert(yaml.safe_load((ROOT / "action.yml").read_text()), Action)


def run(folder: Path, **given: str) -> tuple[int, str, dict[str, str]]:
    """The exit code of the action's step, what it printed, and its outputs."""
    (step,) = action().runs.steps
    inputs = {name: each.default for name, each in action().inputs.items()} | given
    filled = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: inputs[match[1]], text)
        for name, text in step.env.items()
    }
    for name in ("temp", "output", "summary"):
        (folder / name).mkdir(exist_ok=True) if name == "temp" else (folder / name).touch()
    answer = subprocess.run(
        [step.shell, "-e", "-o", "pipefail", "-c", step.run],
        cwd=folder,
        env={
            **os.environ,
            **filled,
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "XDG_STATE_HOME": str(folder / "state"),
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    told = dict(line.split("=", 1) for line in (folder / "output").read_text().splitlines())
    return answer.returncode, answer.stdout + answer.stderr, told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a profile, and the environment that the step would make first."""
    (tmp_path / "ghostfix.toml").write_text(DOWN)
    programs = tmp_path / "temp/ghostfix-environment/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "ghostfix").write_text(f'#!/bin/sh\nexec {sys.executable} -m ghostfix "$@"\n')
    (programs / "ghostfix").chmod(0o755)
    return tmp_path


def test_every_input_and_output_is_of_the_step() -> None:
    found = action()
    (step,) = found.runs.steps
    used = re.findall(r"inputs\.([\w-]+)", " ".join((*step.env.values(), step.working_directory)))
    assert sorted(used) == sorted(found.inputs)
    script = (ROOT / "packaging/action.sh").read_text()
    assert set(re.findall(r"GHOSTFIX_[A-Z_]+", script)) == set(step.env)
    for name, output in found.outputs.items():
        assert output.value == f"${{{{ steps.{step.id}.outputs.{name} }}}}"
        assert f'echo "{name}=' in script


@pytest.mark.real
def test_a_service_that_is_down_fails_the_step_with_annotations_a_summary_and_outputs(folder: Path) -> None:
    code, printed, told = run(folder, service="web")
    assert (code, told["verdict"], told["exit-code"]) == (1, "down", "1"), printed
    assert "::error " in printed
    assert "not-running" in (folder / "summary").read_text()
    report = json.loads(Path(told["report"]).read_text())
    assert (report["schema"], report["verdict"]) == ("ghostfix.report/1", "down")


@pytest.mark.real
def test_it_may_report_without_failing_but_a_mistake_fails_all_the_same(folder: Path) -> None:
    code, printed, told = run(folder, **{"fail-on": "never"})
    assert (code, told["verdict"], told["exit-code"]) == (0, "down", "1"), printed
    code, printed, told = run(folder, service="nosuch", **{"fail-on": "never"})
    assert (code, told["verdict"]) == (2, "unknown"), printed


def test_the_projects_own_workflow_uses_the_action() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    (used,) = (step for step in workflow["jobs"]["smoke"]["steps"] if step.get("uses") == "./")
    assert set(used["with"]) <= set(action().inputs)


def test_the_how_to_knows_the_inputs() -> None:
    page = (ROOT / "docs/how-to-ci.md").read_text()
    assert [name for name in (*action().inputs, *action().outputs) if f"`{name}`" not in page] == []

import pytest

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.systemd.adopt_unit import AdoptUnit
from ghostfix.managers.systemd.hold_unit import HOLD_FILE
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Platform
from ghostfix.model.step import Refused, Unneeded
from tests.fake_system import FakeSystem, default_caller
from tests.fake_systemctl import UNITS, FakeSystemctl

PATH = f"{UNITS}/web.service"
CONTENT = b"[Service]\nExecStart=/srv/web/run\n"
STEP = AdoptUnit(reason="adopt", file=JobFile(path=PATH, content=CONTENT), unit="web.service", scope="system")


def booted(user: str = "root") -> tuple[FakeSystem, FakeSystemctl]:
    system = FakeSystem(caller=default_caller(Platform.LINUX, user))
    return system, FakeSystemctl(system)


def verbs(system: FakeSystem) -> list[str]:
    return [act.subject.split()[1] for act in system.acts if act.act == "command"]


def test_it_says_what_it_will_do_and_write() -> None:
    assert STEP.preview() == f"give it to systemd: write {PATH}, enable web.service, start it"
    assert STEP.diff() == (
        "--- /dev/null", f"+++ {PATH}", "+[Service]", "+ExecStart=/srv/web/run",
    )  # fmt: skip


def test_given_and_taken_back() -> None:
    system, systemctl = booted()
    before = set(system.files)
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    assert STEP.apply(system).startswith(f"{PATH} is written, web.service enabled; systemd started")
    assert system.content(PATH) == CONTENT
    state = systemctl.units["web.service"]
    assert (state["ActiveState"], state["UnitFileState"]) == ("active", "enabled")
    assert isinstance(STEP.precondition(system), Unneeded)
    for _ in range(2):
        assert STEP.undo(system, captured) == "systemd does not know web.service any more"
        assert set(system.files) == before
        assert systemctl.units == {}
    assert verbs(system)[:3] == ["daemon-reload", "enable", "reset-failed"]


def test_a_unit_that_does_not_stay_up_is_a_failure_that_can_be_taken_back() -> None:
    system, systemctl = booted()
    systemctl.crashes = True
    before = set(system.files)
    captured = STEP.capture(system)
    with pytest.raises(StepError, match=r"web\.service does not stay up: failed, result exit-code"):
        STEP.apply(system)
    STEP.undo(system, captured)
    assert (set(system.files), systemctl.units) == (before, {})


def test_the_same_unit_that_was_there_stays() -> None:
    system, systemctl = booted()
    systemctl.add("web.service", CONTENT.decode(), UnitFileState="disabled", ActiveState="inactive")
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    STEP.apply(system)
    assert STEP.undo(system, captured) == "web.service is as it was before"
    assert system.content(PATH) == CONTENT
    state = systemctl.units["web.service"]
    assert (state["ActiveState"], state["UnitFileState"]) == ("inactive", "disabled")


@pytest.mark.parametrize(
    ("values", "text", "reason"),
    [
        (
            {"FragmentPath": "/usr/lib/systemd/system/web.service"},
            "",
            "systemd has another unit of that name",
        ),
        ({"LoadState": "masked", "FragmentPath": ""}, "", "web.service is masked"),
        ({"DropInPaths": f"{PATH}.d/{HOLD_FILE}"}, "", "web.service is held by ghostfix"),
        ({}, "[Service]\nExecStart=/bin/other\n", "is there already, and says something else"),
    ],
)
def test_what_is_there_and_differs_is_refused(values: dict[str, str], text: str, reason: str) -> None:
    system, systemctl = booted()
    systemctl.add("web.service", text, **values)
    before = dict(system.files)
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert reason in verdict.reason
    assert system.files == before


@pytest.mark.parametrize("content", [b"root:x:0:0::/root:/bin/sh", CONTENT])
def test_a_link_in_its_place_is_refused_whatever_it_leads_to(content: bytes) -> None:
    system, _ = booted()
    system.add_file("/srv/web/unit", content)
    system.add_symlink(PATH, "/srv/web/unit")
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert "not a regular file" in verdict.reason


def test_who_may_not_is_refused() -> None:
    system, _ = booted("alice")
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert "only root" in verdict.reason


def test_a_unit_that_somebody_edited_since_is_left() -> None:
    system, _ = booted()
    captured = STEP.capture(system)
    STEP.apply(system)
    system.remove_path(PATH)
    system.add_file(PATH, b"[Service]\nExecStart=/bin/mine\n")
    with pytest.raises(ChangedError, match="changed by somebody"):
        STEP.undo(system, captured)
    assert system.content(PATH) == b"[Service]\nExecStart=/bin/mine\n"


@pytest.mark.parametrize("verb", ["daemon-reload", "enable"])
def test_a_systemd_that_refuses(verb: str) -> None:
    system, systemctl = booted()
    captured = STEP.capture(system)
    systemctl.refuses = frozenset({verb})
    with pytest.raises(StepError, match=f"systemctl {verb}"):
        STEP.apply(system)
    systemctl.refuses = frozenset()
    STEP.undo(system, captured)
    assert systemctl.units == {}

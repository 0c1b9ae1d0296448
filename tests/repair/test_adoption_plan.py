"""From a look at the machine to the plan by which a service gets one manager, and back."""

import pytest
from msgspec import structs

from ghostfix.commands.adopt import Manager
from ghostfix.commands.diagnoses import diagnose
from ghostfix.managers.register import adopters
from ghostfix.model.errors import RepairError
from ghostfix.model.machine import Platform
from ghostfix.model.service import EnvironmentWanted, Limits, Service
from ghostfix.repair.adoption_plan import Adoption, DifferentJobError, adopt, adopter_named
from ghostfix.repair.execute import execute, undo
from ghostfix.repair.journal_records import EntryState
from ghostfix.repair.plan import Plan
from ghostfix.repair.verification import verify
from ghostfix.report.reports import diagnosis_report
from tests.fake_system import FakeCrontab, FakeSystem, default_caller
from tests.fake_systemctl import UNITS, FakeSystemctl

HOME = "/srv/web"
PROFILE = f"{HOME}/ghostfix.toml"
TEXT = b'[services.web]\nscript = "web.py"\n'
OWN = ("/opt/python", "-m", "ghostfix")
SERVICE = Service(name="web", profile=PROFILE, directory=HOME, script="web.py", logs=("web.log",))
UNIT = f"{UNITS}/web.service"
RUNS = ("python3", f"{HOME}/web.py")


class House:
    """A machine with systemd and cron; a line of cron starts the service, and one instance runs."""

    def __init__(self, user: str = "root") -> None:
        self.system = FakeSystem(caller=default_caller(Platform.LINUX, user))
        self.systemctl = FakeSystemctl(self.system)
        self.system.add_command(("systemctl", "--version"), stdout="systemd 252\n")
        self.system.add_program("python3")
        self.system.add_file(PROFILE, TEXT, uid=0)
        self.system.add_file(f"{HOME}/web.py", b"import time\n", uid=0)
        for path in (HOME, "/srv"):
            self.system.add_folder(path, uid=0)
        self.tabs = FakeCrontab(self.system, {"root": b"# mine\n*/5 * * * * python3 /srv/web/web.py\n"})
        self.system.add_process(500, RUNS, cwd=HOME, uid=0)

    def adopt(self, service: Service = SERVICE, *, kind: str = "systemd", edit: bool = True) -> Adoption:
        self.diagnosis = diagnose(self.system, service)
        return adopt(self.system, self.diagnosis, adopter_named(kind), OWN, edit_profile=edit)

    def state(self) -> object:
        files = {path: one.content for path, one in self.system.files.items() if "/.local" not in path}
        return files, dict(self.tabs.tabs), dict(self.systemctl.units)


def kinds(plan: Plan) -> list[str]:
    return [step.kind for step in plan.steps]


def test_the_command_knows_every_manager() -> None:
    assert list(Manager) == [one.kind for one in adopters()]


def test_everything_else_is_held_and_stopped_before_the_job_is_there() -> None:
    house = House()
    adoption = house.adopt()
    assert kinds(adoption.plan) == ["hold-cron-line", "stop-process", "adopt-unit", "name-manager"]
    assert adoption.service.manager == "systemd:web.service"
    assert adoption.plan.asked == ("adopt", "--with", "systemd")


def test_done_it_is_as_it_was_after_an_undo() -> None:
    house = House()
    before = house.state()
    adoption = house.adopt()
    run = execute(house.system, adoption.plan, house.diagnosis.service)
    assert run.complete, run.entries
    assert b'manager = "systemd:web.service"' in house.system.content(PROFILE)
    assert house.systemctl.units["web.service"]["ActiveState"] == "active"
    assert house.tabs.tabs["root"].startswith(b"# mine\n#")
    entries = undo(house.system, run.id)
    assert {one.state for one in entries} <= {EntryState.UNDONE, EntryState.IRREVERSIBLE}
    assert house.state() == before


def test_what_runs_afterwards_is_the_manager_s_and_nothing_is_rogue() -> None:
    house = House()
    adoption = house.adopt()
    execute(house.system, adoption.plan, house.diagnosis.service)
    house.system.add_process(4321, RUNS, cwd=HOME, uid=0, started=house.system.now())
    house.systemctl.units["web.service"].update(FragmentPath=UNIT, Restart="on-failure")
    seen = verify(house.system, adoption.service, hold_for=1.0)
    assert seen.report.problems == ()
    again = house.adopt(adoption.service)
    second = execute(house.system, again.plan, house.diagnosis.service)
    assert {one.state for one in second.entries} == {EntryState.UNNEEDED}


def test_the_profile_is_left_alone_where_that_is_wished() -> None:
    adoption = House().adopt(edit=False)
    assert "name-manager" not in kinds(adoption.plan)
    assert adoption.notes == (
        'write this line into [services.web] of /srv/web/ghostfix.toml: manager = "systemd:web.service"',
    )


@pytest.mark.parametrize("kind", ["inline", "link"])
def test_a_profile_that_cannot_be_edited_in_one_line_is_the_user_s_to_write(kind: str) -> None:
    house = House()
    house.system.remove_path(PROFILE)
    if kind == "inline":
        house.system.add_file(PROFILE, b'services = { web = { script = "web.py" } }\n', uid=0)
    else:
        house.system.add_file("/etc/ghostfix/web.toml", TEXT, uid=0)
        house.system.add_symlink(PROFILE, "/etc/ghostfix/web.toml", uid=0)
    adoption = house.adopt()
    assert "name-manager" not in kinds(adoption.plan)
    assert adoption.notes[0].startswith("write this line into [services.web]")
    assert execute(house.system, adoption.plan, house.diagnosis.service).complete


def test_a_built_in_profile_cannot_name_it() -> None:
    adoption = House().adopt(structs.replace(SERVICE, profile="built-in web"))
    assert "name-manager" not in kinds(adoption.plan)
    assert "the built-in profile names no manager" in adoption.notes[0]


def test_a_log_folder_that_is_missing_is_made_before() -> None:
    adoption = House().adopt(structs.replace(SERVICE, logs=("logs/web.log",)))
    assert kinds(adoption.plan)[2:4] == ["make-folder", "adopt-unit"]


def test_limits_that_nobody_enforces_are_named() -> None:
    house = House()
    house.system.add_process(300, ("/usr/sbin/cron",), uid=0, name="cron")
    house.system.add_command((*OWN, "--version"), stdout="ghostfix 1\n")
    limits = structs.replace(Limits(), service_memory="1G", service_open_files=64)
    notes = house.adopt(structs.replace(SERVICE, limits=limits), kind="cron").notes
    assert [note for note in notes if "cannot enforce" in note] == [
        "cron cannot enforce limits.service_memory: `ghostfix diagnose` watches it"
    ]


def test_another_unit_of_that_name_is_shown_as_a_difference() -> None:
    house = House()
    house.system.add_file(UNIT, b"[Service]\nExecStart=/bin/other\n")
    with pytest.raises(DifferentJobError, match="is there already, and says something else") as caught:
        house.adopt()
    assert "-ExecStart=/bin/other" in caught.value.diff
    assert f"+ExecStart=python3 {HOME}/web.py" not in caught.value.diff
    assert "+Restart=on-failure" in caught.value.diff


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"script": None, "match": "web"}, "does not say how to start web"),
        ({"start": ("nothing-of-that-name",)}, "is not on the PATH"),
        ({"start": ("python3", "a\nExecStartPre=/bin/evil")}, "control characters"),
        (
            {"start": ("python3",), "environment": EnvironmentWanted(venv="a\nExecStartPre=/bin/evil")},
            "control characters",
        ),
        ({"instances": 3}, "the profile wants 3 instances"),
        ({"name": "web@1"}, "an instance of a template"),
        ({"directory": "/srv/web\\"}, "blank or a backslash"),
        ({"directory": "/srv/w\\xe9b"}, "a byte of it is no UTF-8"),
    ],
)
def test_what_no_job_can_hold_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(RepairError, match=f"cannot be given to the machine's systemd: .*{reason}"):
        House().adopt(structs.replace(SERVICE, **changes))


def test_root_runs_and_writes_nothing_that_others_can_change() -> None:
    house = House()
    house.system.add_file(f"{HOME}/web.py", b"evil", uid=1000)
    with pytest.raises(RepairError, match=r"could change what would be run as root|uid 1000"):
        house.adopt()
    house = House()
    house.system.add_folder("/var/log/alice", uid=1000)
    with pytest.raises(RepairError, match=r"root would write to /var/log/alice/web\.log"):
        house.adopt(structs.replace(SERVICE, logs=("/var/log/alice/web.log",)))


@pytest.mark.parametrize(
    ("changes", "hers"),
    [
        ({"start": ("python3", "-u", "/srv/lib/web.py")}, "/srv/lib/web.py"),
        ({"script": None, "module": "shop.web"}, f"{HOME}/shop/web.py"),
        ({"script": None, "module": "shop"}, f"{HOME}/shop.py"),
        (
            {"start": ("python3", "x.py"), "environment": EnvironmentWanted(venv="/srv/lib")},
            "/srv/lib/bin/tool",
        ),
    ],
)
def test_root_runs_no_code_that_others_can_change(changes: dict[str, object], hers: str) -> None:
    house = House()
    house.system.add_file(hers, b"evil", uid=1000)
    for folder in ("/srv/lib", "/srv/lib/bin", f"{HOME}/shop"):
        house.system.add_folder(folder, uid=1000 if hers.startswith(f"{folder}/") else 0)
    with pytest.raises(RepairError, match=r"could change what would be run as root|uid 1000"):
        house.adopt(structs.replace(SERVICE, **changes))


def test_root_opens_no_log_that_others_could_put_a_link_in_the_place_of() -> None:
    house = House()
    house.system.add_folder("/tmp", 0o1777, uid=0)
    with pytest.raises(RepairError, match=r"root would write to /tmp/web\.log"):
        house.adopt(structs.replace(SERVICE, logs=("/tmp/web.log",)))


def test_what_the_step_would_refuse_is_refused_before_it_is_planned() -> None:
    house = House()
    packaged = "/usr/lib/systemd/system/web.service"
    house.systemctl.add("web.service", FragmentPath=packaged)
    with pytest.raises(RepairError, match=f"systemd has another unit of that name: {packaged}"):
        house.adopt()


def test_a_masked_unit_is_told_to_be_masked() -> None:
    house = House()
    house.system.add_file("/dev/null", b"", uid=0)
    house.systemctl.add("web.service", LoadState="masked", FragmentPath=UNIT)
    house.system.remove_path(UNIT)
    house.system.add_symlink(UNIT, "/dev/null", uid=0)
    with pytest.raises(RepairError, match=r"is masked: `systemctl unmask web\.service`"):
        house.adopt()


def test_a_manager_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(RepairError) as caught:
        House().adopt(kind="launchd")
    assert "launchd is macOS's" in caught.value.message
    assert "this machine offers: `--with systemd`" in caught.value.hint


def test_the_report_shows_the_job_and_hides_its_secrets() -> None:
    house = House()
    start = ("python3", f"{HOME}/web.py", "--token=hunter2")
    adoption = house.adopt(structs.replace(SERVICE, start=start))
    report = diagnosis_report(house.system, house.diagnosis, plan=adoption.plan)
    assert report.plan is not None
    (step,) = [one for one in report.plan.steps if one.kind == "adopt-unit"]
    assert f"+++ {UNIT}" in step.diff
    assert any("--token=" in line for line in step.diff)
    assert not any("hunter2" in line for line in step.diff)
    assert b"hunter2" in adoption.plan.steps[-2].file.content  # type: ignore[attr-defined]

import pytest

from ghostfix.model.errors import ChangedError
from ghostfix.model.machine import Platform
from ghostfix.model.step import Refused, Unneeded
from ghostfix.steps.name_manager import NameManager
from tests.fake_system import FakeSystem, default_caller

PATH = "/srv/web/ghostfix.toml"
BEFORE = b'# mine\r\n[services.web]\r\nscript = "web.py"\t# it\r\n\r\n[services.other]\nscript = "o.py"\n'
AFTER = BEFORE.replace(b"[services.web]\r\n", b'[services.web]\r\nmanager = "systemd:web.service"\r\n')
STEP = NameManager(reason="adopt", profile=PATH, service="web", manager="systemd:web.service", before=BEFORE)


def machine(content: bytes = BEFORE) -> FakeSystem:
    system = FakeSystem()
    system.add_file(PATH, content, uid=system.caller().uid)
    return system


def test_written_and_given_back_byte_for_byte() -> None:
    system = machine()
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    STEP.apply(system)
    assert system.content(PATH) == AFTER
    assert isinstance(STEP.precondition(system), Unneeded)
    for _ in range(2):
        STEP.undo(system, captured)
        assert system.content(PATH) == BEFORE


def test_it_shows_the_line() -> None:
    assert '+manager = "systemd:web.service"' in STEP.diff()
    assert STEP.preview() == f'write manager = "systemd:web.service" into {PATH}'


def test_a_profile_that_changed_since_is_refused() -> None:
    system = machine(BEFORE + b"# more\n")
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert "changed since" in verdict.reason


def test_a_profile_that_was_edited_after_it_is_left() -> None:
    system = machine()
    captured = STEP.capture(system)
    STEP.apply(system)
    edited = AFTER + b"# more\n"
    system.remove_path(PATH)
    system.add_file(PATH, edited)
    with pytest.raises(ChangedError, match=r'take manager = "systemd:web\.service" out of it'):
        STEP.undo(system, captured)
    assert system.content(PATH) == edited


def test_a_profile_without_a_line_of_its_own_is_refused_with_the_line_to_write() -> None:
    content = b'services = { web = { script = "web.py" } }\n'
    step = NameManager(reason="adopt", profile=PATH, service="web", manager="cron", before=content)
    verdict = step.precondition(machine(content))
    assert isinstance(verdict, Refused)
    assert 'write manager = "cron"' in verdict.reason
    assert step.diff() == ()


def test_in_a_pyproject_the_table_is_another() -> None:
    content = b'[project]\nname = "x"\n[tool.ghostfix.services.web]\nscript = "web.py"\n'
    step = NameManager(
        reason="adopt", profile="/srv/web/pyproject.toml", service="web", manager="cron", before=content
    )
    assert step.after == content.replace(b"web]\n", b'web]\nmanager = "cron"\n')


@pytest.mark.parametrize(("file", "folder", "mode"), [(0, 1000, 0o755), (1000, 0, 0o755), (1000, 0, 0o775)])
def test_a_profile_that_another_user_keeps_is_refused(file: int, folder: int, mode: int) -> None:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "ghost"))
    own = system.caller().uid
    system.add_file(PATH, BEFORE, uid=file and own)
    system.add_folder("/srv/web", mode, uid=folder and own)
    verdict = STEP.precondition(system)
    if mode == 0o775:
        assert verdict is None
    else:
        assert isinstance(verdict, Refused)
        assert "belongs to another user than ghost" in verdict.reason

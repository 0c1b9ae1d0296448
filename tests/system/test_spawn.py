import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Signal
from ghostfix.model.process import Process
from ghostfix.system import LocalSystem
from tests.system.genuine import SLEEP, wait_until

pytestmark = pytest.mark.real


class Nursery:
    """Starts detached processes and ends each at the end of the test."""

    def __init__(self, folder: Path) -> None:
        self.system = LocalSystem()
        self.folder = folder
        self.log = folder / "logs" / "out.log"
        self.started: list[Process] = []

    def spawn(self, *argv: str, **variables: str) -> Process:
        process = self.system.spawn(argv, str(self.folder), variables, str(self.log))
        self.started.append(process)
        return process

    def end(self) -> None:
        for process in self.started:
            try:
                self.system.signal(process, Signal.KILL)
            except ChangedError:
                continue


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    made = Nursery(tmp_path)
    yield made
    made.end()


def test_a_started_process_is_nobodys_child_in_a_session_of_its_own(nursery: Nursery) -> None:
    process = nursery.spawn(sys.executable, "-c", SLEEP)
    detail = nursery.system.detail(process)
    assert process.ppid != os.getpid()
    assert (process.session, process.group) == (process.pid, process.pid)
    assert process.argv == (sys.executable, "-c", SLEEP)
    assert detail.cwd == os.path.realpath(nursery.folder)
    assert detail.open_files is not None
    assert os.path.realpath(nursery.log) in detail.open_files
    nursery.system.signal(process, Signal.TERM)
    assert nursery.system.wait_gone(process, 10)
    wait_until(lambda: nursery.system.process(process.pid) is None)  # init reaps it, not we


def test_output_is_appended_input_is_empty_and_descriptors_are_closed(nursery: Nursery) -> None:
    nursery.log.parent.mkdir()
    nursery.log.write_text("before\n")
    code = "import os, sys; print(sys.stdin.read() == '', len(os.listdir('/dev/fd')) <= 4, flush=True)"
    nursery.spawn(sys.executable, "-c", f"{code}; print('err', file=sys.stderr, flush=True); {SLEEP}")
    wait_until(lambda: nursery.log.read_text().endswith("err\n"))
    assert nursery.log.read_text() == "before\nTrue True\nerr\n"


def test_variables_come_on_top_and_our_own_pythons_do_not_pass(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("KEPT", "yes")
    code = "import os, signal, sys; e = os.environ; print(e.get('PYTHONPATH'), e['KEPT'], e['VIRTUAL_ENV']"
    code += ", signal.pthread_sigmask(0, ()), flush=True)"
    nursery.spawn(sys.executable, "-c", f"{code}; {SLEEP}", VIRTUAL_ENV="/given")
    wait_until(lambda: nursery.log.read_text().endswith("\n"))
    assert nursery.log.read_text() == "None yes /given set()\n"


def test_a_script_is_known_by_what_it_became(nursery: Nursery) -> None:
    script = nursery.folder / "start"
    script.write_text("#!/usr/bin/env sh\nwhile :; do sleep 60; done\n")
    script.chmod(0o755)
    process = nursery.spawn("./start")
    assert process.argv == ("sh", "./start")


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("/nonexistent/x",), "No such file"),
        (("no-such-command-here",), "No such file"),
        (("true",), "ended at once"),
        ((), "no command"),
    ],
)
def test_what_cannot_be_started(nursery: Nursery, argv: tuple[str, ...], reason: str) -> None:
    with pytest.raises(StepError, match=reason):
        nursery.spawn(*argv)


def test_a_folder_that_is_not_there(nursery: Nursery) -> None:
    with pytest.raises(StepError, match="cannot be started in"):
        nursery.system.spawn(("sleep", "9"), f"{nursery.folder}/absent", {}, str(nursery.log))


def test_the_log_is_never_a_symlink(nursery: Nursery) -> None:
    nursery.log.parent.mkdir()
    (nursery.folder / "target").write_text("kept")
    nursery.log.symlink_to(nursery.folder / "target")
    with pytest.raises(ChangedError, match="not a regular file"):
        nursery.spawn("sleep", "60")
    assert (nursery.folder / "target").read_text() == "kept"

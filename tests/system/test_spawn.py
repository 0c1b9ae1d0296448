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


class Spawner:
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
def spawner(tmp_path: Path) -> Iterator[Spawner]:
    made = Spawner(tmp_path)
    yield made
    made.end()


def test_a_started_process_is_nobodys_child_in_a_session_of_its_own(spawner: Spawner) -> None:
    process = spawner.spawn(sys.executable, "-c", SLEEP)
    detail = spawner.system.detail(process)
    assert process.ppid != os.getpid()
    assert (process.session, process.group) == (process.pid, process.pid)
    assert process.argv == (sys.executable, "-c", SLEEP)
    assert detail.cwd == os.path.realpath(spawner.folder)
    assert detail.open_files is not None
    assert os.path.realpath(spawner.log) in detail.open_files
    spawner.system.signal(process, Signal.TERM)
    assert spawner.system.wait_gone(process, 10)
    wait_until(lambda: spawner.system.process(process.pid) is None)  # init reaps it, not we


def test_output_is_appended_input_is_empty_and_descriptors_are_closed(spawner: Spawner) -> None:
    spawner.log.parent.mkdir()
    spawner.log.write_text("before\n")
    code = "import os, sys; print(sys.stdin.read() == '', len(os.listdir('/dev/fd')) <= 4, flush=True)"
    spawner.spawn(sys.executable, "-c", f"{code}; print('err', file=sys.stderr, flush=True); {SLEEP}")
    wait_until(lambda: spawner.log.read_text().endswith("err\n"))
    assert spawner.log.read_text() == "before\nTrue True\nerr\n"


def test_variables_come_on_top_and_our_own_pythons_do_not_pass(
    spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("KEPT", "yes")
    code = "import os, signal, sys; e = os.environ; print(e.get('PYTHONPATH'), e['KEPT'], e['VIRTUAL_ENV']"
    code += ", signal.pthread_sigmask(0, ()), flush=True)"
    spawner.spawn(sys.executable, "-c", f"{code}; {SLEEP}", VIRTUAL_ENV="/given")
    wait_until(lambda: spawner.log.read_text().endswith("\n"))
    assert spawner.log.read_text() == "None yes /given set()\n"


def test_a_script_is_known_by_what_it_became(spawner: Spawner) -> None:
    script = spawner.folder / "start"
    script.write_text("#!/usr/bin/env sh\nwhile :; do sleep 60; done\n")
    script.chmod(0o755)
    process = spawner.spawn("./start")
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
def test_what_cannot_be_started(spawner: Spawner, argv: tuple[str, ...], reason: str) -> None:
    with pytest.raises(StepError, match=reason):
        spawner.spawn(*argv)


def test_a_folder_that_is_not_there(spawner: Spawner) -> None:
    with pytest.raises(StepError, match="cannot be started in"):
        spawner.system.spawn(("sleep", "9"), f"{spawner.folder}/absent", {}, str(spawner.log))


def test_the_log_is_never_a_symlink(spawner: Spawner) -> None:
    spawner.log.parent.mkdir()
    (spawner.folder / "target").write_text("kept")
    spawner.log.symlink_to(spawner.folder / "target")
    with pytest.raises(ChangedError, match="not a regular file"):
        spawner.spawn("sleep", "60")
    assert (spawner.folder / "target").read_text() == "kept"

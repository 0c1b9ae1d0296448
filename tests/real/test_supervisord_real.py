"""A genuine supervisord, with its own configuration and socket in a folder of the test."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ghostfix.commands.machine import local_system
from ghostfix.managers.register import restarters
from ghostfix.managers.supervisord.restart_program import RestartSupervisorProgram
from ghostfix.model.errors import StepError
from ghostfix.model.job import LinkKind
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.model.step import Refused
from ghostfix.survey import processes
from tests.real.restarter_bench import (
    LocalBench,
    becomes,
    end_instances,
    found,
    ghost,
    look,
    put_through,
    sh,
    stays_away,
)

SUPERVISORD = Path(sys.executable).with_name("supervisord")
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not SUPERVISORD.exists(), reason="needs the package supervisor"),
]


@dataclass(frozen=True)
class House:
    """A folder with a supervisord's configuration and the service."""

    folder: Path
    bench: LocalBench
    service: Service

    @property
    def config(self) -> Path:
        return self.folder / "supervisord.conf"

    @property
    def programs(self) -> Path:
        return self.folder / "programs.conf"

    def write(self, programs: str) -> None:
        """A configuration that includes another file, which has the programs."""
        self.config.write_text(
            f"[supervisord]\nnodaemon=true\nlogfile={self.folder}/d.log\npidfile={self.folder}/d.pid\n"
            f"childlogdir={self.folder}\n"
            f"[unix_http_server]\nfile={self.folder}/s.sock\n"
            f"[supervisorctl]\nserverurl=unix://{self.folder}/s.sock\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            "[include]\nfiles = %(here)s/programs.conf\n"
        )
        self.programs.write_text(programs)

    def ctl(self, words: str) -> str:
        return self.bench.run(f"{SUPERVISORD.with_name('supervisorctl')} -c {self.config} {words}").output

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(SUPERVISORD), "-c", str(self.config)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            end_instances(self.bench, self.service)


@pytest.fixture
def house() -> Iterator[House]:
    # A short name: the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-"))
    bench = LocalBench()
    try:
        yield House(folder, bench, ghost(bench, str(folder / "ghost")))
    finally:
        shutil.rmtree(folder)


PROGRAM = """; keep it up
[program:ghost]
command={python} ghost.py
directory=%(here)s/ghost
autorestart=true\t
"""


def program(*more: str) -> str:
    return PROGRAM.format(python=sys.executable) + "".join(f"{line}\n" for line in more)


def test_a_program_is_found_held_and_released(house: House) -> None:
    house.write(program("startsecs=0", "", "[program:other]", "command=sleep 999"))
    with house.daemon():
        becomes(lambda: len(house.bench.running(house.service)) == 1, "supervisord starts the service")
        job = found(house.bench, "supervisord", house.service, "ghost")
        assert str(job.where) == f"{house.programs}:3"
        assert job.trigger == "when it exits, when supervisord starts"
        assert (job.enabled, job.restarts_on_exit, job.link.kind) == (True, True, LinkKind.RUNS)
        assert job.confidence is Confidence.CERTAIN
        assert job.starts == house.bench.running(house.service)
        put_through(house.bench, house.service, job, 1, str(house.config), str(house.programs))
        assert "ghost" in house.ctl("status ghost")
        assert "RUNNING" in house.ctl("status other")


def test_the_hold_lasts_over_a_reload_and_an_update(house: House) -> None:
    house.write(program("autostart = true ; as ever"))
    with house.daemon():
        becomes(lambda: "RUNNING" in house.ctl("status ghost"), "supervisord runs the service")
        acts = house.bench.hold(found(house.bench, "supervisord", house.service, "ghost"))
        house.ctl("reload")
        becomes(lambda: "STOPPED" in house.ctl("status ghost"), "supervisord is back")
        house.ctl("update")
        stays_away(house.bench, house.service, 2)
        told = house.bench.release(acts)
        assert "ghost: started" in told[0]
        becomes(lambda: len(house.bench.running(house.service)) == 1, "released, it comes back")
        assert house.programs.read_text() == program("autostart = true ; as ever")


def test_several_processes_of_a_program_in_a_group(house: House) -> None:
    many = program("numprocs=2", "process_name=%(program_name)s_%(process_num)02d", "startsecs=0")
    house.write(f"{many}[program:other]\ncommand=sleep 999\n[group:both]\nprograms=ghost, other\n")
    with house.daemon():
        becomes(lambda: len(house.bench.running(house.service)) == 2, "supervisord starts both")
        job = found(house.bench, "supervisord", house.service, "ghost")
        assert sorted(job.starts) == sorted(house.bench.running(house.service))
        assert "2 processes (numprocs)" in job.trigger
        (pid,) = [word for word in house.ctl("pid both:other").split() if word.isdigit()]
        acts = house.bench.hold(job)
        stays_away(house.bench, house.service, 2)
        house.bench.release(acts)
        becomes(lambda: len(house.bench.running(house.service)) == 2, "released, both come back")
        assert house.ctl("pid both:other").strip() == pid  # the other program was left alone


def test_what_a_killed_supervisord_leaves_is_not_restarted_by_it(house: House) -> None:
    house.write(program("startsecs=0"))
    with house.daemon() as daemon:
        becomes(lambda: len(house.bench.running(house.service)) == 1, "supervisord starts the service")
        daemon.kill()
        daemon.wait(10)
        (pid,) = house.bench.running(house.service)
        (job,) = look(house.bench, "supervisord", house.service)
        assert (job.id, job.enabled, job.starts) == ("ghost", False, (pid,))
        assert job.scope == f"unix://{house.folder}/s.sock"
        assert job.trigger.startswith("never again")


def test_a_supervisord_that_does_not_answer_is_told(house: House) -> None:
    house.write(program("startsecs=0"))
    with house.daemon():
        becomes(lambda: "ghost" in house.ctl("status ghost"), "supervisord answers")
        becomes(lambda: len(house.bench.running(house.service)) == 1, "supervisord starts the service")
        sh(house.bench, f"mv {house.folder}/s.sock {house.folder}/away")
        try:
            reading = house.bench.look("supervisord", house.service)
        finally:
            sh(house.bench, f"mv {house.folder}/away {house.folder}/s.sock")
        assert not reading.complete
        assert f"the supervisord with {house.config} did not answer: " in (reading.problem or "")
        (job,) = reading.value
        assert (job.id, job.enabled, job.starts) == ("ghost", True, house.bench.running(house.service))


def test_a_restart_through_supervisord(house: House) -> None:
    house.write(program("startsecs=0"))
    step = RestartSupervisorProgram(reason="not-running", program="ghost", config=str(house.config))
    assert isinstance(step.precondition(house.bench.system), Refused)
    with house.daemon():
        becomes(lambda: "RUNNING" in house.ctl("status ghost"), "supervisord runs the service")
        before = house.bench.running(house.service)
        assert step.precondition(house.bench.system) is None
        assert "supervisord restarted ghost: pid" in step.apply(house.bench.system)
        after = house.bench.running(house.service)
        assert len(after) == 1
        assert after != before
        house.ctl("stop ghost")
        captured = step.capture(house.bench.system)
        step.apply(house.bench.system)
        assert len(house.bench.running(house.service)) == 1
        step.undo(house.bench.system, captured)
        assert house.bench.running(house.service) == ()
        (house.folder / "ghost" / "ghost.py").write_text("raise SystemExit(1)\n")
        with pytest.raises(StepError, match="does not stay up"):
            step.apply(house.bench.system)


def _last_end(house: House) -> LastEnd:
    restarter = next(each for each in restarters() if each.kind == "supervisord")
    assert restarter.last_ends is not None
    system = local_system()
    jobs = restarter.jobs(system, house.service, ProcessTree(processes.collect(system, house.service).value))
    (job,) = jobs.value
    reading = restarter.last_ends(system, house.service, (job,))
    assert reading.complete, reading.problem
    (end,) = reading.value
    assert end.log is None or end.log in job.output
    return end


def test_why_a_program_ended_is_told_by_a_genuine_supervisord(house: House) -> None:
    (house.folder / "ghost" / "ghost.py").write_text(
        "import sys\nprint('cannot read /etc/shop.conf', file=sys.stderr)\nsys.exit(4)\n"
    )
    house.write(program("startretries=1"))
    with house.daemon():
        becomes(lambda: "FATAL" in house.ctl("status ghost"), "supervisord gives up")
        end = _last_end(house)
    assert (end.kind, end.status, end.given_up, end.starts) == (EndKind.EXITED, 4, True, 1)
    assert end.words == "it exited with status 4; supervisord gave up after 2 starts"
    assert end.lines[-1].text == "cannot read /etc/shop.conf"
    assert end.log is not None
    assert "ghost-stderr---" in end.log


def test_a_command_that_does_not_exist_is_told_by_a_genuine_supervisord(house: House) -> None:
    house.write(program().replace(sys.executable, "/opt/gone/bin/python"))
    with house.daemon():
        becomes(lambda: "FATAL" in house.ctl("status ghost"), "supervisord gives up")
        end = _last_end(house)
    assert (end.kind, end.culprit) == (EndKind.NOT_STARTED, "/opt/gone/bin/python")
    assert "can't find command '/opt/gone/bin/python'" in end.words

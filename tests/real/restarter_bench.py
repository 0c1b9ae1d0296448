"""The bench for real managers: find a job, hold it, see that the service stays away, release it, see it back.

``LocalBench`` works on the machine at hand. ``MachineBench`` does the same inside a throw-away machine: this
file runs there as a program (``serve``), and is told what to do line by line.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from ghostfix.commands.machine import local_system
from ghostfix.managers.register import restarters
from ghostfix.model.job import Job
from ghostfix.model.machine import ActingSystem
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Captured
from ghostfix.repair import undo_data
from ghostfix.service.instance import roots
from ghostfix.survey import processes
from tests.real.ghost_house import wait_until
from tests.real.warden import guarded

ROOT = Path(__file__).resolve().parents[2]
GHOST = "import time\nwhile True:\n    time.sleep(60)\n"
"""The service that the managers run."""


class Look(Struct, tag=True):
    """Every job of one kind that leads to the service."""

    kind: str
    service: Service


class Hold(Struct, tag=True):
    job: Job


class Release(Struct, tag=True):
    acts: tuple[bytes, ...]


class Running(Struct, tag=True):
    service: Service


class Shell(Struct, tag=True):
    script: str


class Answer(Struct):
    status: int
    output: str


Request = Look | Hold | Release | Running | Shell


def no_systemd() -> str | None:
    """What this machine lacks to boot a throw-away machine; None when it can."""
    if os.geteuid() != 0:
        return "needs root: it boots a machine in namespaces"
    if not Path("/lib/systemd/systemd").exists() or shutil.which("unshare") is None:
        return "needs systemd and util-linux"
    probe = ["unshare", "--fork", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "true"]
    done = subprocess.run(probe, capture_output=True, check=False)
    return (
        None if done.returncode == 0 else f"namespaces are not allowed here: {done.stderr.decode().strip()}"
    )


class Bench(Protocol):
    """What a test of a manager needs, wherever it works."""

    def look(self, kind: str, service: Service) -> Reading[tuple[Job, ...]]: ...

    def hold(self, job: Job) -> tuple[bytes, ...]:
        """Applies the restarter's own steps; gives what undoing each needs, as the journal keeps it."""
        ...

    def release(self, acts: tuple[bytes, ...]) -> tuple[str, ...]: ...

    def running(self, service: Service) -> tuple[int, ...]:
        """PIDs of the service's instances, the oldest first."""
        ...

    def run(self, script: str) -> Answer:
        """Runs shell text; standard output and error together."""
        ...


class LocalBench:
    """On the machine at hand."""

    def __init__(self) -> None:
        self.system: ActingSystem = local_system()

    def look(self, kind: str, service: Service) -> Reading[tuple[Job, ...]]:
        restarter = next(each for each in restarters() if each.kind == kind)
        return restarter.jobs(self.system, service, self._tree(service))

    def hold(self, job: Job) -> tuple[bytes, ...]:
        restarter = next(each for each in restarters() if each.kind == job.kind)
        acts: list[bytes] = []
        for step in restarter.hold(job, "rogue-restarter"):
            verdict = step.precondition(self.system)
            assert verdict is None, f"{step.preview()}: {verdict}"
            acts.append(undo_data.encode(step, step.capture(self.system)))
            step.apply(self.system)
        return tuple(acts)

    def release(self, acts: tuple[bytes, ...]) -> tuple[str, ...]:
        decoded = [undo_data.decode(act) for act in reversed(acts)]
        for act in decoded:
            assert isinstance(act.captured, Captured)
        return tuple(act.step.undo(self.system, act.captured) for act in decoded)

    def running(self, service: Service) -> tuple[int, ...]:
        caller = self.system.caller()
        found = roots(self._tree(service), caller.own_pids, service)
        return tuple(process.pid for process in found)

    def run(self, script: str) -> Answer:
        done = subprocess.run(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=100,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(errors="backslashreplace"))

    def _tree(self, service: Service) -> ProcessTree:
        return ProcessTree(processes.collect(self.system, service).value)


def inside(folder: Path) -> tuple[str, ...]:
    """The words before a command that is to run in a throw-away machine."""
    return (str(Path(__file__).with_name("systemd_machine")), "exec", str(folder))


class MachineBench:
    """Inside a throw-away machine with its own systemd; ``folder`` is the name of that machine.

    ``user``, when given, does all of it, with no more of an environment than cron gives.
    """

    def __init__(self, folder: Path, user: str = "") -> None:
        self.folder = folder
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"] if user else []
        home = f"/home/{user}" if user else "/root"
        self.server = subprocess.Popen(
            [
                *(*inside(folder), *become),
                *("env", f"PYTHONPATH={ROOT}", f"HOME={home}", f"USER={user or 'root'}", "LANG=C.UTF-8"),
                *(sys.executable, "-m", "tests.real.restarter_bench"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def look(self, kind: str, service: Service) -> Reading[tuple[Job, ...]]:
        return msgspec.json.decode(self._ask(Look(kind, service)), type=Reading[tuple[Job, ...]])

    def hold(self, job: Job) -> tuple[bytes, ...]:
        return msgspec.json.decode(self._ask(Hold(job)), type=tuple[bytes, ...])

    def release(self, acts: tuple[bytes, ...]) -> tuple[str, ...]:
        return msgspec.json.decode(self._ask(Release(acts)), type=tuple[str, ...])

    def running(self, service: Service) -> tuple[int, ...]:
        return msgspec.json.decode(self._ask(Running(service)), type=tuple[int, ...])

    def run(self, script: str) -> Answer:
        return msgspec.json.decode(self._ask(Shell(script)), type=Answer)

    def close(self) -> None:
        assert self.server.stdin is not None
        self.server.stdin.close()
        self.server.wait(10)
        if self.server.stdout is not None:
            self.server.stdout.close()

    def _ask(self, request: Request) -> bytes:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(msgspec.json.encode(request) + b"\n")
        self.server.stdin.flush()
        line = self.server.stdout.readline()
        assert line.startswith(b"="), line.decode(errors="backslashreplace")
        return line[1:]


def serve() -> None:
    """Does what each line of standard input asks for; answers ``=JSON``, or ``!`` and what went wrong."""
    bench = LocalBench()
    decoder = msgspec.json.Decoder(Request)
    for line in sys.stdin.buffer:
        try:
            answer = b"=" + msgspec.json.encode(_done(bench, decoder.decode(line)))
        except Exception as error:
            answer = b"!" + f"{type(error).__name__}: {error}".replace("\n", " ").encode()
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


def _done(bench: LocalBench, request: Request) -> object:
    match request:
        case Look(kind, service):
            return bench.look(kind, service)
        case Hold(job):
            return bench.hold(job)
        case Release(acts):
            return bench.release(acts)
        case Running(service):
            return bench.running(service)
        case Shell(script):
            return bench.run(script)


@contextmanager
def machine(folder: Path, *shared: Path) -> Iterator[MachineBench]:
    """Boots a throw-away machine, and ends it. ``shared`` are folders in /tmp that it may write to."""
    script = str(Path(__file__).with_name("systemd_machine"))
    device = os.stat("/").st_dev
    needed = {str(ROOT), sys.prefix, sys.base_prefix}
    # The machine has a /tmp and a /run of its own, and sees one file system besides.
    binds = sorted(
        path for path in needed if path.startswith(("/tmp/", "/run/")) or os.stat(path).st_dev != device
    )
    binds += [f"+{path}" for path in shared]
    with guarded([folder]):
        try:
            subprocess.run(
                [script, "start", str(folder), *binds], check=True, capture_output=True, timeout=60
            )
            bench = MachineBench(folder)
            try:
                yield bench
            finally:
                bench.close()
        finally:
            subprocess.run([script, "stop", str(folder)], check=True, capture_output=True, timeout=60)


# what every manager is put through


def sh(bench: Bench, script: str) -> str:
    """Runs shell text that must succeed."""
    answer = bench.run(script)
    assert answer.status == 0, f"{script}\n{answer.output}"
    return answer.output


def ghost(bench: Bench, folder: str, name: str = "ghost") -> Service:
    """The service: a script in a folder of its own."""
    sh(bench, f"mkdir -p {folder} && cat > {folder}/{name}.py <<'END'\n{GHOST}END")
    return Service(name=name, profile="test", directory=folder, script=f"{name}.py")


def digest(bench: Bench, *folders: str) -> str:
    """Every name, kind, mode, owner, link and content below the folders."""
    paths = " ".join(folders)
    return sh(
        bench,
        f"find {paths} -printf '%y %p %l %m %u %g %s\\n' | sort; find {paths} -type f | sort | xargs md5sum",
    )


def look(bench: Bench, kind: str, service: Service) -> tuple[Job, ...]:
    reading = bench.look(kind, service)
    assert reading.complete, reading.problem
    return reading.value


def found(bench: Bench, kind: str, service: Service, name: str) -> Job:
    """The one job of this kind with this id."""
    jobs = [job for job in look(bench, kind, service) if job.id == name]
    assert len(jobs) == 1, jobs
    return jobs[0]


def becomes(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    wait_until(condition, seconds, what)


def stays_away(bench: Bench, service: Service, seconds: float) -> None:
    """Looks as long as the manager would need to bring it back twice."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert bench.running(service) == (), "held, and back all the same"
        time.sleep(0.1)


def end_instances(bench: Bench, service: Service) -> None:
    """Kills what still runs, as a repair does after holding."""
    for pid in bench.running(service):
        assert pid > 1
        bench.run(f"kill -KILL {pid}")
    becomes(lambda: bench.running(service) == (), "the service ends")


def put_through(bench: Bench, service: Service, job: Job, period: float, *folders: str) -> None:
    """Held, killed, not back within two periods, released, back; and everything in the folders as before."""
    before = digest(bench, *folders)
    acts = bench.hold(job)
    assert acts
    end_instances(bench, service)
    stays_away(bench, service, 2 * period + 1)
    assert not any(each.enabled for each in look(bench, job.kind, service) if each.id == job.id)
    bench.release(acts)
    becomes(lambda: bench.running(service) != (), "released, it comes back")
    bench.release(acts)  # as after an undo that was cut short
    assert digest(bench, *folders) == before
    assert [each.enabled for each in look(bench, job.kind, service) if each.id == job.id] == [True]


if __name__ == "__main__":
    serve()

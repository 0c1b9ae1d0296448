import pytest

from ghostfix.managers.service_folders.folder import SUITES, FolderState, jobs_of, read_status
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.process import ProcessDetail, ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.survey import processes
from tests.fake_service_folder import FOLDER, SUPERVISOR, FakeServiceFolder
from tests.fake_system import FakeSystem

SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost", script="ghost.py")
RUN = b"#!/bin/sh\nexec 2>&1\nexec python3 /srv/ghost/ghost.py\n"
KINDS = sorted(SUITES)


def reading(system: FakeSystem, kind: str) -> Reading[tuple[Job, ...]]:
    tree = ProcessTree(processes.collect(system, SERVICE).value)
    return jobs_of(SUITES[kind], system, SERVICE, tree)


def supervised(kind: str) -> tuple[FakeSystem, FakeServiceFolder]:
    system = FakeSystem()
    folder = FakeServiceFolder(system, kind)
    system.add_file(f"{FOLDER}/run", RUN, mode=0o755)
    system.add_process(500, ("python3", "/srv/ghost/ghost.py"), ppid=SUPERVISOR, cwd=FOLDER)
    return system, folder


@pytest.mark.parametrize(
    ("tail", "state"),
    [
        (b"\x2c\x01\0\0\0u", FolderState(True, True, 300)),
        (b"\x2c\x01\0\0\0d\0\1", FolderState(True, False, 300)),
        (b"\x2c\x01\0\0\0\0", FolderState(True, True, 300)),
        (b"\0\0\0\0\0u", FolderState(False, True)),
        (b"\0\0\0\0\0d", FolderState(False, False)),
        (b"\0\0\0\0\0\0", FolderState(False, False)),
    ],
)
def test_the_status_file(tail: bytes, state: FolderState) -> None:
    assert read_status(bytes(12) + tail) == state


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_without_it(kind: str) -> None:
    assert reading(FakeSystem(), kind) == Reading(())


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_runs_the_service(kind: str) -> None:
    system, _ = supervised(kind)
    found = reading(system, kind)
    assert found.complete, found.problem
    (job,) = found.value
    assert (job.kind, job.id, job.scope, str(job.where)) == (kind, "ghost", FOLDER, f"{FOLDER}/run")
    assert (job.enabled, job.restarts_on_exit, job.starts) == (True, True, (500,))
    assert [str(hop) for hop in job.link.hops] == [f"{FOLDER}/run:3"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("wanted", "down", "enabled"), [(True, True, True), (False, False, True), (False, True, False)]
)
def test_what_arms_it(kind: str, wanted: bool, down: bool, enabled: bool) -> None:
    system, folder = supervised(kind)
    folder.wanted = wanted
    folder.write()
    if down:
        system.add_file(f"{FOLDER}/down", b"")
    (job,) = reading(system, kind).value
    assert (job.enabled, job.restarts_on_exit) == (enabled, wanted)
    assert job.trigger.startswith("a second after it exits" if wanted else "told to stay down")


def test_a_script_that_cannot_be_followed_owns_what_is_below_it() -> None:
    system, _ = supervised("s6")
    system.add_file(f"{FOLDER}/run", b"#!/usr/bin/execlineb -P\nfoo\n", mode=0o755)
    (job,) = reading(system, "s6").value
    assert (job.link.kind, job.starts) == (LinkKind.OWNS_PROCESS, (500,))


def test_another_service_s_folder() -> None:
    system, _ = supervised("runit")
    system.end(500)
    system.add_file(f"{FOLDER}/run", b"#!/bin/sh\nexec other\n", mode=0o755)
    assert reading(system, "runit") == Reading(())


def test_a_state_that_cannot_be_read_is_told() -> None:
    system, _ = supervised("runit")
    system.add_file(f"{FOLDER}/supervise/status", b"", unreadable=True)
    found = reading(system, "runit")
    assert found.problem == f"{FOLDER}/supervise/status: Permission denied"
    assert found.value[0].enabled
    system.add_file(f"{FOLDER}/supervise/status", b"short")
    assert "too short" in (reading(system, "runit").problem or "")


def test_a_supervisor_whose_folder_cannot_be_seen_is_told() -> None:
    system = FakeSystem()
    system.add_process(SUPERVISOR, ("runsv", "x"), uid=0, detail=ProcessDetail())
    found = reading(system, "runit")
    assert found.problem == f"the folder of runsv (pid {SUPERVISOR}) could not be seen"

"""A user's genuine systemd, asked and told by that user and by root."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ghostfix.model.job import Job
from ghostfix.model.service import Service
from tests.real.restarter_bench import (
    ROOT,
    MachineBench,
    becomes,
    digest,
    end_instances,
    found,
    ghost,
    look,
    machine,
    put_through,
    sh,
)
from tests.real.test_systemd_real import REASON

HOME = "/home/gina"
FOLDER = f"{HOME}/ghost"
UNITS = f"{HOME}/.config/systemd/user"
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.skipif(REASON is not None, reason=REASON or "")]


@dataclass(frozen=True)
class House:
    """The machine with the user in it, who has a systemd."""

    bench: MachineBench
    uid: int

    def systemctl(self, words: str) -> str:
        return self.as_user(f"systemctl --user {words}")

    def as_user(self, script: str) -> str:
        command = f"setpriv --reuid gina --regid gina --init-groups env HOME={HOME} USER=gina "
        return sh(self.bench, f"cd {FOLDER}; {command} XDG_RUNTIME_DIR=/run/user/{self.uid} {script}")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with machine(tmp_path_factory.mktemp("user") / "machine") as bench:
        sh(bench, "useradd --create-home gina && loginctl enable-linger gina")
        # In the machine only: the user, too, runs this checkout with this Python.
        for place in (ROOT, Path(sys.prefix), Path(sys.base_prefix)):
            for folder in (place, *place.parents):
                bench.run(f"chmod a+x {folder}")
        uid = int(sh(bench, "id -u gina"))
        becomes(
            lambda: bench.run(f"test -S /run/user/{uid}/systemd/private").status == 0,
            "the user's systemd runs",
        )
        yield House(bench, uid)


@pytest.fixture
def service(house: House) -> Iterator[Service]:
    """ghost.service of the user: enabled, restarted 0.2 s after it ends."""
    service = ghost(house.bench, FOLDER)
    text = "[Service]\\nWorkingDirectory=%%h/ghost\\nExecStart=/usr/bin/python3 ghost.py\\nRestart=always\\n"
    text += "RestartSec=0.2\\n[Install]\\nWantedBy=default.target\\n"
    sh(house.bench, f"mkdir -p {UNITS}; printf '{text}' > {UNITS}/ghost.service; chown -R gina: {HOME}")
    house.systemctl("daemon-reload")
    house.systemctl("enable --now ghost.service")
    becomes(lambda: len(house.bench.running(service)) == 1, "the user's systemd starts the service")
    yield service
    house.systemctl("stop ghost.service")
    sh(house.bench, f"rm -rf {HOME}/.config {FOLDER}; mkdir {FOLDER}")
    house.systemctl("daemon-reload")
    end_instances(house.bench, service)


def test_root_finds_holds_and_releases_a_user_s_unit(house: House, service: Service) -> None:
    job = found(house.bench, "systemd", service, "ghost.service")
    assert (job.scope, str(job.where)) == ("user:gina", f"{UNITS}/ghost.service:3")
    assert job.trigger == "when it ends, however it ends (Restart=always), at login or boot (default.target)"
    assert job.starts == house.bench.running(service)
    assert job.enabled
    put_through(house.bench, service, job, 0.2, UNITS, "/etc/systemd")


def test_only_the_user_s_own_unit_owns_the_process(house: House, service: Service) -> None:
    """The machine's user@UID.service has it in its group, too."""
    assert [job.scope for job in look(house.bench, "systemd", service)] == ["user:gina"]


def test_looking_opens_no_session(house: House, service: Service) -> None:
    before = sh(house.bench, "ls /run/systemd/sessions; journalctl -o cat -q -u systemd-logind | wc -l")
    found(house.bench, "systemd", service, "ghost.service")
    after = sh(house.bench, "ls /run/systemd/sessions; journalctl -o cat -q -u systemd-logind | wc -l")
    assert after == before


def test_the_user_finds_holds_and_releases_it_without_a_session(house: House, service: Service) -> None:
    """As from cron or after ``su``: nothing says where the user's systemd is."""
    bench = MachineBench(house.bench.folder, "gina")
    try:
        job = found(bench, "systemd", service, "ghost.service")
        assert (job.scope, job.starts) == ("user:gina", house.bench.running(service))
        put_through(bench, service, job, 0.2, UNITS)
    finally:
        bench.close()


def test_the_units_folder_is_left_as_it_was_found(house: House, service: Service) -> None:
    """A unit that lies elsewhere: the folder for the hold did not exist."""
    sh(house.bench, f"mv {UNITS}/ghost.service /etc/systemd/user/ghost.service; rm -r {HOME}/.config")
    house.systemctl("daemon-reload")
    house.systemctl("restart ghost.service")
    try:
        job: Job = found(house.bench, "systemd", service, "ghost.service")
        before = digest(house.bench, HOME)
        acts = house.bench.hold(job)
        assert digest(house.bench, HOME) != before
        house.bench.release(acts)
        assert digest(house.bench, HOME) == before
    finally:
        sh(house.bench, f"rm /etc/systemd/user/ghost.service; mkdir -p {UNITS}")


def test_root_s_undo_goes_no_way_that_the_user_bent(house: House, service: Service) -> None:
    """The folder of the held unit has become a symlink to the machine's units, where root alone may write."""
    house.systemctl("stop ghost.service")
    made = f"systemd-run --user --unit=ghost-run --property=Restart=always python3 {FOLDER}/ghost.py"
    house.as_user(made)
    becomes(lambda: len(house.bench.running(service)) == 1, "systemd-run starts the service")
    transient = f"/run/user/{house.uid}/systemd/transient"
    before = digest(house.bench, "/etc/systemd")
    acts = house.bench.hold(found(house.bench, "systemd", service, "ghost-run.service"))
    assert house.as_user(f"stat -c %U {UNITS}/ghost-run.service.d/zz-ghostfix-hold.conf") == "gina\n"
    house.as_user(f"sh -c 'rm -r {transient}; ln -s /etc/systemd/system {transient}'")
    with pytest.raises(
        AssertionError, match=f"with the rights of gina, whose symlink {transient} leads there"
    ):
        house.bench.release(acts)
    assert digest(house.bench, "/etc/systemd") == before
    house.as_user(f"sh -c 'rm {transient}; mkdir {transient}'")
    house.bench.release(acts)
    becomes(lambda: len(house.bench.running(service)) == 1, "released, it comes back")
    assert house.as_user(f"stat -c %U {transient}/ghost-run.service") == "gina\n"
    house.systemctl("stop ghost-run.service")


def test_root_s_hold_goes_no_way_that_the_user_bent(house: House, service: Service) -> None:
    """Its drop-in would hold, or rule, whichever unit of the machine has that name."""
    before = digest(house.bench, "/etc/systemd")
    job = found(house.bench, "systemd", service, "ghost.service")
    house.as_user(f"sh -c 'ln -s /etc/systemd/system {UNITS}/ghost.service.d'")
    with pytest.raises(AssertionError, match="with the rights of gina, whose symlink"):
        house.bench.hold(job)
    assert digest(house.bench, "/etc/systemd") == before
    house.as_user(f"rm {UNITS}/ghost.service.d")

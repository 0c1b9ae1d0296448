"""Two jobs of one program: the other one is another service, if it serves another port."""

import pytest
from msgspec import structs

from ghostfix.model.process import ProcessDetail, ProcessTree, Variable
from ghostfix.model.service import Service
from ghostfix.service.instance import matching_processes
from ghostfix.survey.processes import collect
from tests.fake_system import FakeSystem

SERVICE = Service(
    name="api",
    profile="t",
    directory="/srv/api",
    command=("node", "api.js"),
    ports=(7001,),
    manager="pm2:blue",
)
RUN = ("node", "/srv/api/api.js")
OWN, OTHER = "blue", "green"


def started_by(manager: str, job: str) -> ProcessDetail:
    detail = ProcessDetail(cwd="/srv/api", executable="/usr/bin/node")
    if manager == "systemd":
        return structs.replace(detail, control_group=f"/system.slice/{job}.service")
    name = {"pm2": "name", "supervisord": "SUPERVISOR_GROUP_NAME"}[manager]
    return structs.replace(detail, environment=(Variable(name, job),))


def instances_seen(system: FakeSystem, service: Service) -> list[int]:
    tree = ProcessTree(collect(system, service).value)
    return [process.pid for process in matching_processes(tree, (), service)]


@pytest.mark.parametrize("manager", ["pm2", "supervisord", "systemd"])
def test_the_other_job_s_process_on_another_port_is_another_service(manager: str) -> None:
    system = FakeSystem()
    system.add_process(10, RUN, detail=started_by(manager, OWN), listens=[7001])
    system.add_process(20, RUN, detail=started_by(manager, OTHER), listens=[7002])
    assert instances_seen(system, structs.replace(SERVICE, manager=f"{manager}:{OWN}")) == [10]


def test_the_workers_of_another_cluster_have_their_port_by_their_primary() -> None:
    system = FakeSystem()
    system.add_process(5, ("PM2 v6: God Daemon (/root/.pm2)",), listens=[7002])
    system.add_process(10, RUN, ppid=5, detail=started_by("pm2", OWN), listens=[7001])
    for pid in (20, 21):
        system.add_process(pid, RUN, ppid=5, detail=started_by("pm2", OTHER))
    assert instances_seen(system, SERVICE) == [10]


@pytest.mark.parametrize(
    ("job", "own_port", "other_port"),
    [(OTHER, 7001, None), (OWN, 7001, 7002), (OTHER, None, 7002)],
    ids=["it listens nowhere", "the same job started both", "the profile's port is served by none"],
)
def test_what_may_be_a_copy_stays_an_instance(job: str, own_port: int | None, other_port: int | None) -> None:
    system = FakeSystem()
    system.add_process(10, RUN, detail=started_by("pm2", OWN), listens=[own_port] if own_port else [])
    system.add_process(20, RUN, detail=started_by("pm2", job), listens=[other_port] if other_port else [])
    assert instances_seen(system, SERVICE) == [10, 20]

import pytest

from ghostfix.managers.restarter import Restarter
from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.managers.service_folders.jobs import RESTARTERS
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.model.process import ProcessTree
from ghostfix.survey import processes
from tests.fake_service_folder import FOLDER
from tests.managers.service_folders.test_folder import SERVICE, supervised


@pytest.mark.parametrize("restarter", RESTARTERS, ids=[each.kind for each in RESTARTERS])
def test_its_folder_is_found_and_can_be_held_and_restarted(restarter: Restarter) -> None:
    kind = restarter.kind
    system, folder = supervised(kind)
    tree = ProcessTree(processes.collect(system, SERVICE).value)
    (job,) = restarter.jobs(system, SERVICE, tree).value
    assert (restarter.kind, job.kind, job.id) == (kind, kind, "ghost")
    (hold,) = restarter.hold(job, "x")
    assert hold == HoldServiceFolder(reason="x", suite=kind, folder=FOLDER)
    assert restarter.restart is not None
    again = RestartServiceFolder(reason="x", suite=kind, folder=FOLDER)
    assert restarter.restart(job, "x") == (again,)

    hold.apply(system)
    assert not folder.wanted
    (job,) = restarter.jobs(system, SERVICE, tree).value
    assert not job.enabled
    assert restarter.hold(job, "x") == ()

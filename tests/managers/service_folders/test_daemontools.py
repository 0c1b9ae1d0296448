from ghostfix.managers.service_folders.daemontools import RESTARTER
from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.model.process import ProcessTree
from ghostfix.survey import processes
from tests.fake_service_folder import FOLDER
from tests.managers.service_folders.test_folder import SERVICE, supervised


def test_its_folder_is_found_and_can_be_held_and_restarted() -> None:
    system, folder = supervised("daemontools")
    tree = ProcessTree(processes.collect(system, SERVICE).value)
    (job,) = RESTARTER.jobs(system, SERVICE, tree).value
    assert (RESTARTER.kind, job.kind, job.id) == ("daemontools", "daemontools", "ghost")
    (hold,) = RESTARTER.hold(job, "x")
    assert hold == HoldServiceFolder(reason="x", suite="daemontools", folder=FOLDER)
    assert RESTARTER.restart is not None
    again = RestartServiceFolder(reason="x", suite="daemontools", folder=FOLDER)
    assert RESTARTER.restart(job, "x") == (again,)

    hold.apply(system)
    assert not folder.wanted
    (job,) = RESTARTER.jobs(system, SERVICE, tree).value
    assert not job.enabled
    assert RESTARTER.hold(job, "x") == ()

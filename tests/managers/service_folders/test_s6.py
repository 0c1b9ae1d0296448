from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.managers.service_folders.s6 import RESTARTER
from ghostfix.model.process import ProcessTree
from ghostfix.survey import processes
from tests.fake_service_folder import FOLDER
from tests.managers.service_folders.test_folder import SERVICE, supervised


def test_its_folder_is_found_and_can_be_held_and_restarted() -> None:
    system, folder = supervised("s6")
    tree = ProcessTree(processes.collect(system, SERVICE).value)
    (job,) = RESTARTER.jobs(system, SERVICE, tree).value
    assert (RESTARTER.kind, job.kind, job.id) == ("s6", "s6", "ghost")
    (hold,) = RESTARTER.hold(job, "x")
    assert hold == HoldServiceFolder(reason="x", suite="s6", folder=FOLDER)
    assert RESTARTER.restart is not None
    again = RestartServiceFolder(reason="x", suite="s6", folder=FOLDER)
    assert RESTARTER.restart(job, "x") == (again,)

    hold.apply(system)
    assert not folder.wanted
    (job,) = RESTARTER.jobs(system, SERVICE, tree).value
    assert not job.enabled
    assert RESTARTER.hold(job, "x") == ()

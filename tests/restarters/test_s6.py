from ghostfix.collectors import processes
from ghostfix.process import ProcessTree
from ghostfix.restarters.s6 import RESTARTER
from ghostfix.steps.hold_service_folder import HoldServiceFolder
from ghostfix.steps.restart_service_folder import RestartServiceFolder
from tests.fake_service_folder import FOLDER
from tests.managers.test_service_folder import SERVICE, supervised


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

from ghostfix.diagnosis.checks.port_shared import CHECK
from tests.diagnosis.checks.builders import ghost_service, kinds, listener, machine, only, runner, worker


def test_two_instances_side_by_side() -> None:
    listeners = [listener(5555, 100, inode=8), listener(5555, 101, inode=9)]
    snapshot = machine(runner(100), runner(101), listeners=listeners)
    finding = only(CHECK, snapshot)
    assert finding.summary == "port 5555 is held by 2 instances of ghost (pids 100, 101)"
    assert finding.short == "2 hold 5555"
    assert kinds(CHECK, finding, snapshot) == ["stop-process"]


def test_one_family_each() -> None:
    listeners = [listener(5555, 100), listener(5555, 101, address="::1")]
    only(CHECK, machine(runner(100), runner(101), listeners=listeners))


def test_an_instance_and_an_orphan() -> None:
    listeners = [listener(5555, 100), listener(5555, 101)]
    only(CHECK, machine(runner(100), worker(101), listeners=listeners))


def test_workers_families_and_wanted_instances_share_by_right() -> None:
    tree = machine(runner(100), runner(101, ppid=100), listeners=[listener(5555, 100, 101, inode=9)])
    families = machine(runner(100), listeners=[listener(5555, 100), listener(5555, 100, address="::1")])
    assert CHECK.find(tree, ghost_service()) == ()
    assert CHECK.find(families, ghost_service()) == ()
    pair = machine(runner(100), runner(101), listeners=[listener(5555, 100), listener(5555, 101)])
    assert CHECK.find(pair, ghost_service(instances=2)) == ()

"""Process count: how many processes of the machine are the service's."""

from ghostfix.diagnosis.orphans import orphans
from ghostfix.model.process import ProcessState
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.instance import instances


def process_count_of(snapshot: Snapshot, service: Service) -> int:
    """Its instances with all that is below them, its orphans, and the zombies that these do not reap."""
    mine = {process.pid for instance in instances(snapshot, service) for process in instance.processes}
    for orphan in orphans(snapshot, service):
        mine |= {orphan.process.pid, *(member.pid for member in orphan.members)}
    zombies = sum(
        1
        for process in snapshot.processes.value
        if process.state is ProcessState.ZOMBIE and process.ppid in mine
    )
    return len(mine) + zombies

"""The live parent of an instance: what it may be, and what it is not."""

import pytest

from ghostfix.managers.watchdog.jobs import jobs
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from tests.fake_system import FakeSystem

HOME = "/srv/shop"
SERVICE = Service(name="shop", profile="test", directory=HOME, script="web.py")
RUN = ("python3", f"{HOME}/web.py")
KEEPER = "import json, subprocess\nwhile True:\n    subprocess.Popen(json.load(open('p.json'))).wait()\n"


def below(*parents: tuple[str, ...]) -> tuple[Job, ...]:
    """The jobs where an instance runs below these programs, the outermost first."""
    system = FakeSystem()
    system.add_file("/opt/keeper.py", KEEPER.encode())
    system.add_file(f"{HOME}/once.sh", f"python3 {HOME}/web.py\necho over\n".encode())
    ppid = 1
    for pid, argv in enumerate((*parents, RUN), start=500):
        system.add_process(pid, argv, ppid=ppid, cwd=HOME)
        ppid = pid
    return jobs(system, SERVICE, ProcessTree(system.processes().value)).value


@pytest.mark.parametrize(
    "parent",
    [
        ("python3", "/opt/keeper.py"),
        ("/opt/bin/keepd", "-f", "/etc/keepd.conf"),
        ("perl", "/opt/keeper.pl"),
        ("node", "/opt/node_modules/.bin/concurrently", "npm:web"),
        ("java", "-jar", "/opt/agent.jar"),
        ("bash", "/opt/unreadable.sh"),
    ],
)
@pytest.mark.parametrize("launchers", [(), (("timeout", "1d", *RUN),)])
def test_a_program_above_an_instance_may_start_it_again(
    parent: tuple[str, ...], launchers: tuple[tuple[str, ...], ...]
) -> None:
    (job,) = below(parent, *launchers)
    assert (job.confidence, job.link.kind) == (Confidence.POSSIBLE, LinkKind.OWNS_PROCESS)
    assert job.starts == (500 + 1 + len(launchers),)


@pytest.mark.parametrize(
    "parent",
    [
        ("-bash",),
        ("zsh", "-i"),
        ("sshd: ann [priv]",),
        ("tmux", "new", "-d"),
        ("/usr/bin/supervisord", "-c", "/etc/s.conf"),
        ("timeout", "1d", *RUN),
        ("sudo", "-u", "shop", *RUN),
        ("sh", "-c", f"python3 {HOME}/web.py; echo over"),
        ("bash", f"{HOME}/once.sh"),
    ],
)
def test_what_is_no_program_that_may_start_it_again(parent: tuple[str, ...]) -> None:
    assert below(parent) == ()


def test_an_orphan_has_none() -> None:
    assert below() == ()

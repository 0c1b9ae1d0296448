"""Which processes are the service: by what they run and where, never by a word in their command line."""

import pytest
from msgspec import structs

from ghostfix.model.invocation import read_argv
from ghostfix.model.process import Process, ProcessDetail, ProcessId, ProcessState, ProcessTree
from ghostfix.model.service import Service
from ghostfix.service.instance import is_service, roots, runs_service

GHOST = Service(name="ghost", profile="p", directory="/srv/ghost", module="ghost.main")
SCRIPT = Service(name="web", profile="p", directory="/srv/web", script="server.py")
NODE = Service(name="node", profile="p", directory="/srv/node", command=("node", "app.js", "--port", "80"))
PATTERN = Service(name="any", profile="p", directory="/srv", match=r"worker\.py .*--queue mail")


def process(pid: int, words: str, cwd: str | None = "/srv/ghost", ppid: int = 1) -> Process:
    return Process(
        id=ProcessId(pid, 1000.0 + pid),
        ppid=ppid,
        name=words.split()[0],
        argv=tuple(words.split()),
        uid=0,
        user="root",
        detail=ProcessDetail(cwd=cwd),
    )


@pytest.mark.parametrize(
    ("service", "words", "cwd", "wanted"),
    [
        (GHOST, "python3 -m ghost.main", "/srv/ghost", True),
        (GHOST, "python3 -m ghost.main", "/srv/other", False),
        (GHOST, "/srv/ghost/.venv/bin/python -m ghost.main", "/", True),
        (GHOST, "python3 ghost/main.py", "/srv/ghost", True),
        (GHOST, "python3 -m ghost.main_menu", "/srv/ghost", False),
        (GHOST, "python3 -m ghost.main", None, True),
        (GHOST, "vim ghost/main.py", "/srv/ghost", False),
        (GHOST, "grep -r ghost.main .", "/srv/ghost", False),
        (GHOST, "sh -c python3", "/srv/ghost", False),
        (SCRIPT, "python3 server.py", "/srv/web", True),
        (SCRIPT, "python3 /srv/web/server.py", "/", True),
        (SCRIPT, "python3 server.py", "/srv/copy", False),
        (SCRIPT, "tail -f server.py", "/srv/web", False),
        (NODE, "node app.js --verbose --port 80", "/srv/node", True),
        (NODE, "node app.js --port 81", "/srv/node", False),
        (NODE, "node other.js --port 80", "/srv/node", False),
        (PATTERN, "python worker.py --fast --queue mail", "/tmp", True),
        (PATTERN, "pgrep -f worker.py --queue mail", "/tmp", False),
    ],
)
def test_what_is_the_service(service: Service, words: str, cwd: str | None, wanted: bool) -> None:
    assert runs_service(service, read_argv(words.split()), cwd) is wanted


def test_a_namesake_that_may_not_be_looked_into_is_somebody_else_s() -> None:
    assert not is_service(GHOST, process(10, "python3 -m ghost.main", cwd=None))
    assert is_service(GHOST, process(10, "/srv/ghost/.venv/bin/python -m ghost.main", cwd=None))


def test_a_container_s_process_is_another_service() -> None:
    inside = structs.replace(
        process(10, "python3 -m ghost.main"), detail=ProcessDetail(cwd="/srv/ghost", container="4711")
    )
    assert not is_service(GHOST, inside)


def test_a_child_belongs_to_the_instance_above_it() -> None:
    parent, child = process(10, "python3 -m ghost.main"), process(11, "python3 -m ghost.main", ppid=10)
    shell = process(12, "sh -c true", ppid=11)
    grandchild = process(13, "python3 -m ghost.main", ppid=12)
    second = process(9, "python3 -m ghost.main")
    tree = ProcessTree((grandchild, shell, child, parent, second))
    assert [root.pid for root in roots(tree, (), GHOST)] == [9, 10]


def test_neither_ghostfix_itself_nor_the_dead_are_instances() -> None:
    own = process(10, "python3 -m ghost.main")
    dead = structs.replace(process(11, "python3 -m ghost.main"), state=ProcessState.ZOMBIE)
    assert roots(ProcessTree((own, dead)), (10,), GHOST) == ()

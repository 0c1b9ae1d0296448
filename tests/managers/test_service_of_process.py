"""What belongs to one service, and how a service looks by its process."""

import pytest

from ghostfix.managers.service_of_process import is_part_of, service_like
from ghostfix.model.process import Process, ProcessDetail, ProcessId


def process(*argv: str, cwd: str | None = "/srv/app") -> Process:
    detail = ProcessDetail(cwd=cwd)
    return Process(id=ProcessId(5, 1.0), ppid=1, name="x", argv=argv, uid=0, user="root", detail=detail)


@pytest.mark.parametrize(
    ("own", "parent", "is_part"),
    [
        (("python3", "app.py"), ("python3", "app.py"), True),
        (("/venv/bin/python", "app.py", "--child"), ("python3", "app.py"), True),
        (("python3", "-c", "from multiprocessing.spawn import spawn_main"), ("uvicorn", "app:x"), True),
        (("gunicorn: worker [shop]",), ("gunicorn: master [shop]",), True),
        (("nginx", "-g", "x"), ("nginx",), True),
        (("python3", "app.py"), ("python3", "-m", "pytest"), False),
        (("python3", "app.py"), ("bash", "loop.sh"), False),
        (("bash", "loop.sh"), ("bash", "start.sh"), False),
        (("node", "server.js"), ("npm", "start"), False),
        ((), ("kthreadd",), False),
    ],
)
def test_workers_and_copies(own: tuple[str, ...], parent: tuple[str, ...], is_part: bool) -> None:
    assert is_part_of(process(*own), process(*parent)) is is_part


def test_a_service_by_its_module_its_script_or_its_command() -> None:
    module = service_like(process("python3", "-m", "shop.main"))
    script = service_like(process("python3", "server.py"))
    command = service_like(process("/opt/serve", "--fast"))
    assert module is not None
    assert (module.module, module.directory) == ("shop.main", "/srv/app")
    assert script is not None
    assert script.path(script.script or "") == "/srv/app/server.py"
    assert command is not None
    assert command.command == ("/opt/serve", "--fast")
    assert service_like(process()) is None

"""Which processes are the service though no command line says so: each proof, and its look-alike."""

import pytest
from msgspec import structs

from ghostfix.model.process import Process, ProcessDetail, ProcessId
from ghostfix.model.service import Service
from ghostfix.service.instance import is_service
from ghostfix.service.running_instances import running_instances
from tests.fake_system import FakeSystem

EDGE = Service(
    name="edge",
    profile="p",
    directory="/srv/edge",
    command=("nginx", "-c", "/srv/edge/edge.conf"),
    ports=(8443,),
    pidfiles=("run/edge.pid",),
    manager="systemd:edge.service",
)
CACHE = Service(
    name="cache", profile="p", directory="/srv/cache", command=("valkey-server", "v.conf"), ports=(7000,)
)
JOBS = Service(
    name="jobs", profile="p", directory="/srv/shop", command=("bundle", "exec", "sidekiq", "-q", "mail")
)
SHOP = Service(name="shop", profile="p", directory="/srv/shop", module="shop.main", ports=(9000,))
FORMER = Service(name="w", profile="p", directory="/srv/w", script="web.py", manager="systemd:w")

MASTER = "nginx: master process /usr/sbin/nginx -c /srv/edge/edge.conf"
UNIT = "/system.slice/edge.service"


def titled(argv: tuple[str, ...], name: str, executable: str, **changes: object) -> Process:
    return Process(
        id=ProcessId(50, 1050.0),
        ppid=1,
        name=name,
        argv=argv,
        uid=0,
        user="root",
        detail=structs.replace(ProcessDetail(cwd="/", executable=executable), **changes),
    )


NGINX, RUBY, PYTHON = "/usr/sbin/nginx", "/usr/bin/ruby3.1", "/usr/bin/python3.11"


@pytest.mark.parametrize(
    ("service", "process"),
    [
        (EDGE, titled((MASTER,), "nginx", NGINX, pidfiles=("/srv/edge/run/edge.pid",))),
        (EDGE, titled((MASTER,), "nginx", NGINX, ports=(8443,))),
        (EDGE, titled((MASTER,), "nginx", NGINX, control_group=UNIT)),
        (EDGE, titled((MASTER,), "nginx", f"{NGINX} (deleted)", control_group=f"{UNIT}/inner")),
        (
            CACHE,
            titled(("valkey-server 127.0.0.1:7000", ""), "valkey-server", "/usr/bin/valkey", ports=(7000,)),
        ),
        (
            CACHE,
            titled(("valkey-server", "v.conf"), "valkey-server", "/usr/bin/valkey-server", ports=(7000,)),
        ),
        (JOBS, titled(("sidekiq 7.2.4 shop [0 of 5 busy]",), "sidekiq", RUBY, cwd="/srv/shop")),
        (SHOP, titled((PYTHON, "bin/shop"), "shop", PYTHON, ports=(9000,), imports=("sys", "shop.main"))),
        (
            SHOP,
            titled((PYTHON, "-c", "from shop.main import run; run()"), "python3", PYTHON, cwd="/srv/shop"),
        ),
        (
            SHOP,
            titled((PYTHON, "/v/bin/flask", "--app", "shop.main", "run"), "flask", PYTHON, cwd="/srv/shop"),
        ),
        (SHOP, titled((PYTHON, "/v/bin/gunicorn", "shop.main:app"), "gunicorn", PYTHON, ports=(9000,))),
        (FORMER, titled(("shopd", "-u", "web.py"), "python3", PYTHON, cwd="/srv/w")),
    ],
)
def test_a_proof_with_the_right_program_is_the_service(service: Service, process: Process) -> None:
    assert is_service(service, process)


@pytest.mark.parametrize(
    ("service", "process"),
    [
        (EDGE, titled((MASTER,), "nginx", NGINX)),
        (EDGE, titled((MASTER.replace("edge.conf", "other.conf"),), "nginx", NGINX, ports=(8443,))),
        (EDGE, titled((MASTER,), "nginx", NGINX, ports=(8443,), container="3f2a")),
        (EDGE, titled(("haproxy", "-f", "h.cfg"), "haproxy", "/usr/sbin/haproxy", ports=(8443,))),
        (EDGE, titled(("haproxy",), "haproxy", "/usr/sbin/haproxy", control_group=UNIT)),
        (EDGE, titled((MASTER,), "nginx", NGINX, control_group="/system.slice/edge.service-old.scope")),
        (JOBS, titled(("sidekiq 7.2.4 blog [0 of 5 busy]",), "sidekiq", RUBY, cwd="/srv/blog")),
        (JOBS, titled(("vim", "sidekiq.rb"), "vim", "/usr/bin/vim", cwd="/srv/shop")),
        (SHOP, titled((PYTHON, "bin/shop"), "shop", PYTHON, ports=(9000,), imports=("shop.main_menu",))),
        (SHOP, titled((PYTHON, "-m", "http.server", "9000"), "python3", PYTHON, ports=(9000,))),
        (SHOP, titled(("less", "shop.main"), "less", "/usr/bin/less", cwd="/srv/shop")),
        (FORMER, titled(("shopd", "-u", "web.py"), "python3", PYTHON, cwd="/srv/other")),
    ],
)
def test_neither_the_program_nor_the_proof_alone_is_the_service(service: Service, process: Process) -> None:
    assert not is_service(service, process)


def test_a_titled_server_is_seen_running_without_a_survey() -> None:
    system = FakeSystem()
    system.add_process(50, (MASTER,), detail=ProcessDetail(cwd="/", executable=NGINX))
    assert running_instances(system, EDGE) == ()
    system.add_file("/srv/edge/run/edge.pid", b"50\n")
    assert [process.pid for process in running_instances(system, EDGE)] == [50]

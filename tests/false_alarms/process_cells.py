"""celery, pools, daemons, namesakes and onlookers."""

import os
import shutil

import psutil
import pytest

from tests.false_alarms.bench import BIN, PYTHON, SERVER, Bench, argv_of, free_port, needs, show_titles
from tests.false_alarms.cell import ghost, healthy
from tests.real.restarter_bench import no_systemd

WORKERS = "celery, pools, daemons"
NAMESAKES = "namesakes elsewhere"

CELERY = """
from celery import Celery

app = Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue",
                                     "control_folder": "control"}
app.conf.beat_schedule = {"tick": {"task": "tasks.tick", "schedule": 60.0}}

@app.task
def tick():
    return 1
"""
POOL = """
import multiprocessing, sys, time

def work(number):
    open(f"ready.{number}", "w").close()
    time.sleep(600)

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
        pool.map(work, range(3), chunksize=1)
"""
DAEMON = """
import os, sys
import server

def detach():
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)

detach()
server.main()
"""


def _celery(bench: Bench, *words: str) -> int:
    needs("celery")
    bench.write("tasks.py", CELERY)
    (bench.folder / "queue").mkdir(exist_ok=True)
    (bench.folder / "control").mkdir(exist_ok=True)
    return bench.start(str(BIN / "celery"), "-A", "tasks", *words, C_FORCE_ROOT="1").pid


def _celery_worker(bench: Bench) -> None:
    bench.profile('command = ["celery", "-A", "tasks", "worker"]', health=False)
    worker = _celery(bench, "worker", "-l", "INFO", "-c", "3", "--without-mingle", "--without-gossip")
    bench.wait(lambda: len(bench.children(worker)) >= 3, "celery has its pool")
    output = bench.folder / "output.txt"
    bench.wait(lambda: " ready." in output.read_text(), "celery is ready")


@healthy(WORKERS, "celery prefork: a worker and its pool")
def celery_prefork(bench: Bench) -> None:
    _celery_worker(bench)


@healthy(WORKERS, "celery prefork with process titles (setproctitle)")
def celery_titles(bench: Bench) -> None:
    show_titles(bench)
    _celery_worker(bench)


@healthy(WORKERS, "celery: one beat beside a worker of the same application")
def celery_beat(bench: Bench) -> None:
    _celery_worker(bench)
    bench.profile('command = ["celery", "-A", "tasks", "beat"]', health=False)
    beat = _celery(bench, "beat", "--pidfile=beat.pid")
    bench.wait((bench.folder / "beat.pid").exists, f"beat {beat} is up")


@ghost(WORKERS, "two beat schedulers", "duplicate-instance")
def celery_beats(bench: Bench) -> None:
    bench.profile('command = ["celery", "-A", "tasks", "beat"]', health=False)
    for number in (1, 2):
        pid = f"beat.{number}.pid"
        _celery(bench, "beat", "-s", f"schedule.{number}", f"--pidfile={pid}")
        bench.wait((bench.folder / pid).exists, f"beat {number} is up")


def _pool(bench: Bench, method: str) -> int:
    bench.write("pool.py", POOL)
    bench.profile('script = "pool.py"', health=False)
    pool = bench.start(PYTHON, "pool.py", method)
    bench.wait(lambda: len(list(bench.folder.glob("ready.*"))) == 3, "the pool works")
    return pool.pid


@healthy(WORKERS, "a multiprocessing pool (spawn), with its resource tracker")
def pool_spawn(bench: Bench) -> None:
    _pool(bench, "spawn")


@healthy(WORKERS, "a multiprocessing pool (fork): children with the same argv")
def pool_fork(bench: Bench) -> None:
    _pool(bench, "fork")


@healthy(WORKERS, "a multiprocessing pool (forkserver)")
def pool_forkserver(bench: Bench) -> None:
    _pool(bench, "forkserver")


@ghost(WORKERS, "a pool's processes after it was killed", "not-running", "orphan-instance")
def pool_orphans(bench: Bench) -> None:
    bench.kill(_pool(bench, "spawn"))


@healthy(WORKERS, "a daemon that forks twice")
def daemon(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.write("daemon.py", DAEMON)
    bench.profile('script = "daemon.py"')
    bench.start(PYTHON, "daemon.py", str(bench.port))
    bench.until_it_listens()


def _server(bench: Bench, more: str = "") -> None:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', more)
    bench.serve()


@healthy(NAMESAKES, "two checkouts of one program, on two ports")
def checkouts(bench: Bench) -> None:
    _server(bench)
    other = bench.folder / "checkout"
    other.mkdir()
    shutil.copy(bench.folder / "server.py", other)
    port = free_port()
    bench.start(PYTHON, "server.py", str(port), cwd=other)
    bench.until_it_listens(port)


@healthy(NAMESAKES, "one program twice, on the two ports that its profiles name")
def two_ports(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.profile(f'command = ["python", "server.py", "{bench.port}"]')
    bench.serve()
    port = free_port()
    bench.start(PYTHON, "server.py", str(port))
    bench.until_it_listens(port)


@healthy(NAMESAKES, "one program of two users, each in a folder of its own")
def two_users(bench: Bench) -> None:
    if os.geteuid() != 0 or not shutil.which("python3", path="/usr/bin:/bin"):
        pytest.skip("needs root and a Python for everybody")
    _server(bench)
    other = bench.folder / "nobody"
    other.mkdir(mode=0o777)
    shutil.copy(bench.folder / "server.py", other)
    port = free_port()
    bench.start("/usr/bin/python3", "server.py", str(port), cwd=other, user="nobody")
    bench.until_it_listens(port)


@healthy(NAMESAKES, "a container that runs the same program from a folder of the same name")
def container(bench: Bench) -> None:
    """Namespaces and a control group, as an engine makes them; its port is that of another network."""
    lacking = no_systemd()
    if lacking is not None:
        pytest.skip(lacking)
    bench.enter_machine()
    _server(bench)
    group = f"/sys/fs/cgroup/docker-{'0123456789abcdef' * 4}.scope"
    inner = f"exec unshare --pid --fork --mount-proc --net --kill-child {PYTHON} server.py {bench.port}"
    bench.start("sh", "-c", f"mkdir {group} && echo $$ > {group}/cgroup.procs && touch contained && {inner}")
    bench.wait((bench.folder / "contained").exists, "the container's group is there")
    bench.wait(lambda: _servers(bench) == 2, "the container runs its server")


def _servers(bench: Bench) -> int:
    return sum(tuple(argv_of(one))[:2] == (PYTHON, "server.py") for one in psutil.process_iter())


@ghost(NAMESAKES, "two from one checkout on one port", "duplicate-instance", "port-shared")
def one_checkout(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"')
    bench.serve(REUSE="1")
    bench.serve(REUSE="1")

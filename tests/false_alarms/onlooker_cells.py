"""Programs that have the service's name in their command line, and are not the service."""

import shutil
import sys

import psutil
import pytest

from tests.false_alarms.bench import PYTHON, SERVER, Bench, free_port
from tests.false_alarms.cell import ghost, healthy

ONLOOKERS = "the name in argv"


def _beside(bench: Bench, *names: str) -> None:
    """The service, once all the onlookers are there by these names."""
    bench.serve()
    bench.wait(lambda: set(names) <= _names(bench), f"{', '.join(names)} are there")


def _names(bench: Bench) -> set[str]:
    return {_name(process) for process in bench.inhabitants()}


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def _needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")


def _prepared(bench: Bench) -> str:
    """Writes the service and its profile; gives the path of its script."""
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"')
    return str(bench.folder / "server.py")


@healthy(ONLOOKERS, "an editor, less, watch and a shell, each in a terminal")
def in_terminals(bench: Bench) -> None:
    _needs("vi", "less", "watch")
    script = _prepared(bench)
    bench.start_in_terminal("vi", "-R", "server.py")
    bench.start_in_terminal("less", script)
    bench.start_in_terminal("watch", f"pgrep -af 'python {script}'")
    bench.start_in_terminal("bash", "-c", f"read -p 'python {script}? '")
    _beside(bench, "vi", "less", "watch", "bash")


@healthy(ONLOOKERS, "tail -f, grep and ssh")
def readers(bench: Bench) -> None:
    _needs("ssh")
    script = _prepared(bench)
    bench.start("tail", "-f", script)
    bench.start("grep", "-r", "server.py", script, "/dev/zero")
    bench.start("ssh", "-F", "none", "-o", "ProxyCommand=sleep 600", "box", f"python {script}")
    _beside(bench, "tail", "grep", "ssh")


@healthy(ONLOOKERS, "a test runner and other tools of Python that are given the script")
def tools(bench: Bench) -> None:
    script = _prepared(bench)
    bench.write("conftest.py", "import time\nopen('collecting', 'w').close()\ntime.sleep(600)\n")
    bench.start(PYTHON, "-m", "pytest", "-p", "no:cacheprovider", script)
    bench.start(PYTHON, "-c", "import time; time.sleep(600)", "server.py", script)
    bench.start(PYTHON, "-m", "http.server", str(free_port()), "-d", str(bench.folder))
    bench.start(PYTHON, "-m", "trace", "--count", "conftest.py", "server.py")
    bench.wait((bench.folder / "collecting").exists, "the test runner collects")
    _beside(bench)


@healthy(ONLOOKERS, "shells that mention it, and a script that is given its path")
def shells(bench: Bench) -> None:
    script = _prepared(bench)
    wait = bench.write("bin/waits", "#!/bin/sh\nexec sleep 600\n", 0o755)
    bench.start("bash", "-c", f"sleep 600; python {script} {bench.port}")
    bench.start("bash", "-c", f"sleep 600; pkill -f 'python {script}'")
    bench.start("bash", str(wait), script)
    _beside(bench, "sleep")


@healthy(ONLOOKERS, "ghostfix itself, which watches it")
def ghostfix_itself(bench: Bench) -> None:
    _prepared(bench)
    bench.start(PYTHON, "-m", "ghostfix", "diagnose", "-c", "ghostfix.toml", "--observe", "60s")
    _beside(bench)


@healthy(ONLOOKERS, "the service below timeout, nice, env, flock and a shell that waits for it")
def below_wrappers(bench: Bench) -> None:
    _prepared(bench)
    below = f"flock lock timeout 3600 nice env LANG=C {PYTHON} server.py {bench.port}; true"
    bench.start("bash", "-c", below)
    bench.until_it_listens()


@healthy(ONLOOKERS, "strace above the service")
def below_a_tracer(bench: Bench) -> None:
    _needs("strace")
    _prepared(bench)
    bench.start("strace", "-f", "-o", "/dev/null", PYTHON, "server.py", str(bench.port))
    bench.until_it_listens()


@healthy(ONLOOKERS, "one management command beside the server, both of one manage.py")
def management_command(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.write(
        "manage.py",
        "import sys, time\nimport server\n"
        "if sys.argv.pop(1) == 'runserver':\n    server.main()\n"
        "open('waiting', 'w').close()\ntime.sleep(600)\n",
    )
    bench.profile(f'command = ["python", "manage.py", "runserver", "{bench.port}"]')
    bench.start(PYTHON, "manage.py", "shell")
    bench.start(PYTHON, "manage.py", "runserver", str(bench.port))
    bench.wait((bench.folder / "waiting").exists, "the management command runs")
    bench.until_it_listens()


@ghost(ONLOOKERS, "a wrapper that restarts it", "rogue-restarter")
def wrapper(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"')
    bench.write(
        "wrapper.sh",
        f"#!/bin/bash\ncd {bench.folder}\nwhile true; do\n  {sys.executable} server.py {bench.port}\n"
        "  sleep 1\ndone\n",
        0o755,
    )
    bench.start("bash", "wrapper.sh")
    bench.until_it_listens()


@ghost(ONLOOKERS, "a wrapper that restarts it whenever it ends, in one line of shell", "rogue-restarter")
def one_line_loop(bench: Bench) -> None:
    _prepared(bench)
    bench.start("bash", "-c", f"until {sys.executable} server.py {bench.port}; do sleep 1; done")
    bench.until_it_listens()

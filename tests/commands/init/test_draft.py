"""Drafting a profile: every healthy machine is healthy by a profile that was written from it, too."""

import pytest

from ghostfix.commands.diagnoses import diagnose
from ghostfix.commands.init.draft import draft
from ghostfix.commands.init.draft_text import profile_text
from ghostfix.diagnosis.judgement import exit_code
from ghostfix.model.errors import ExitCode, ProfileError
from ghostfix.model.finding import Severity
from ghostfix.model.service import Service
from ghostfix.service import profile
from ghostfix.service.instance import instances
from ghostfix.survey.survey import survey
from tests.fake_system import FakeSystem
from tests.machine_folder import MACHINES, load, names

HEALTHY = tuple(name for name in names() if name.startswith("healthy-"))


def drafted(system: FakeSystem, target: str, name: str = "drafted.toml") -> Service:
    """Writes a profile with ``target`` and loads it again."""
    folder = system.caller().cwd
    nothing_else_is_served(system)
    text = profile_text(draft(system, target), folder)
    system.add_file(f"{folder}/{name}", text.encode(), uid=system.caller().uid)
    (service,) = profile.load(system, None, f"{folder}/{name}")
    return service


def nothing_else_is_served(system: FakeSystem) -> None:
    """Every URL that is tried, and that no page stands for, is not found."""
    for listener in system.sockets:
        host = f"[{listener.address}]" if ":" in listener.address else listener.address
        for path in ("/health", "/healthz", "/"):
            url = f"http://{host.replace('0.0.0.0', '127.0.0.1')}:{listener.port}{path}"
            system.add_page(url, status=404, body="not found", needs_listener=True)


def server(argv: list[str]) -> FakeSystem:
    """A process that listens on port 8000."""
    system = FakeSystem()
    system.add_process(100, argv, cwd="/srv/web", listens=[("0.0.0.0", 8000)])
    nothing_else_is_served(system)
    return system


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_machine_is_healthy_by_its_own_draft(name: str) -> None:
    system = load(MACHINES / name)
    (service,) = profile.load(system, None, None)
    running = instances(survey(system, service), service)
    own = drafted(system, str(running[0].root.pid))
    diagnosis = diagnose(system, own)
    found = [(each.code, each.summary) for result in diagnosis.results for each in result.findings]
    assert (exit_code(diagnosis.results, Severity.WARNING), found) == (ExitCode.HEALTHY, [])
    assert len(instances(diagnosis.snapshot, own)) == len(running)


@pytest.mark.parametrize(
    ("argv", "recognised"),
    [
        (["python3", "-m", "shop.main", "--fast"], 'module = "shop.main"'),
        (["/usr/bin/python3", "server.py"], 'script = "server.py"'),
        (["/srv/web/.venv/bin/python", ".venv/bin/flask", "run"], 'command = ["flask", "run"]'),
        (["python3", "-m", "uvicorn", "asgi:app"], 'command = ["python3", "-m", "uvicorn", "asgi:app"]'),
        (["gunicorn: master [wsgi:app]"], 'command = ["gunicorn", "wsgi:app"]'),
        (["[celery beat] -A tasks beat"], 'command = ["celery", "-A", "tasks", "beat"]'),
        (["node", "index.js"], 'script = "index.js"'),
        (["/usr/sbin/nginx", "-g", "daemon off;"], 'command = ["nginx", "-g", "daemon off;"]'),
    ],
)
def test_how_it_is_recognised(argv: list[str], recognised: str) -> None:
    system = server(argv)
    assert recognised in profile_text(draft(system, ":8000"), "/srv/web").splitlines()
    assert drafted(system, "100").ports == (8000,)


def test_two_of_one_script_are_told_apart_by_their_arguments() -> None:
    system = server(["python3", "server.py", "8000"])
    system.add_process(101, ["python3", "server.py", "8001"], cwd="/srv/web", listens=[8001])
    nothing_else_is_served(system)
    service = drafted(system, ":8001")
    assert service.command == ("python3", "server.py", "8001")
    assert (service.instances, service.ports) == (1, (8001,))


def test_a_worker_leads_to_the_process_above_it() -> None:
    system = load(MACHINES / "healthy-uvicorn-reload")
    nothing_else_is_served(system)
    assert draft(system, "102").process.pid == 100


def test_secrets_are_not_written() -> None:
    system = server(["python3", "server.py", "--token", "hunter2hunter2"])
    assert "hunter2" not in profile_text(draft(system, "100"), "/")


def test_what_stands_in_a_healthy_runner_s_profile() -> None:
    system = load(MACHINES / "healthy-linux")
    body = '{"status": "healthy", "pid": 4102}'
    system.add_page("http://127.0.0.1:5555/healthz", body=body, needs_listener=True)
    system.add_page("http://127.0.0.1:5555/health", status=500, needs_listener=True)
    text = profile_text(draft(system, ":5555"), system.caller().cwd)
    system.add_file("/home/ghost/drafted.toml", text.encode(), uid=system.caller().uid)
    (service,) = profile.load(system, None, "/home/ghost/drafted.toml")
    assert service.name == "gpt_cursor_runner"
    assert service.environment.venv == ".venv"
    assert service.pidfiles == ("pids/ghost-runner.pid",)
    assert service.logs == ("logs/ghost-runner.log",)
    assert service.health is not None
    assert (service.health.url, service.health.expect) == (
        "http://127.0.0.1:5555/healthz",
        {"status": "healthy"},
    )


def test_what_cannot_be_told_is_said() -> None:
    system = server(["python3", "-c", "import shop; shop.serve()"])
    with pytest.raises(ProfileError, match="cannot be told"):
        draft(system, "100")


def test_nobody_listens() -> None:
    with pytest.raises(ProfileError):
        draft(FakeSystem(), ":1")


def test_there_are_machines_to_try_it_on() -> None:
    assert len(HEALTHY) > 20

"""``ghostfix run`` in a command line: what it means, and that it is a start with a lock."""

import pytest

from ghostfix.model.invocation import read_command
from ghostfix.model.service import Service
from ghostfix.scripts.ghostfix_run_command import OwnRun, read_own_run
from ghostfix.scripts.start_search import follow
from tests.fake_system import FakeSystem

SERVICE = Service(name="web", profile="/srv/web/ghostfix.toml", directory="/srv/web", module="shop.web")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ghostfix run", OwnRun(name=None)),
        ("/opt/venv/bin/ghostfix run web -q", OwnRun(name="web")),
        ("python3 -m ghostfix run web", OwnRun(name="web")),
        ("python3 /opt/venv/bin/ghostfix run web", OwnRun(name="web")),
        ("nohup ghostfix run --if-running fail web", OwnRun(name="web")),
        ("ghostfix run web --if-running=wait", OwnRun(name="web", waits=True)),
        ("ghostfix run --restart=always -c p.toml web", OwnRun(name="web", config="p.toml", restarts=True)),
        (
            "ghostfix run web -- ./x --restart always",
            OwnRun(name="web", command=("./x", "--restart", "always")),
        ),
        ("ghostfix repair web", None),
        ("ghostfix", None),
        ("vi ghostfix run web", None),
    ],
)
def test_what_it_says(line: str, says: OwnRun | None) -> None:
    assert read_own_run(read_command(line.split())) == says


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("cd /srv/web && ghostfix run", True),
        ("cd /srv/web && ghostfix run web --quiet", True),
        ("ghostfix run web --config /srv/web/ghostfix.toml", True),
        ("ghostfix run any -- /srv/web/.venv/bin/python -m shop.web", True),
        ("cd /srv/web && ghostfix run other", False),
        ("cd /srv/other && ghostfix run web", False),
        ("ghostfix run web --config /srv/other/ghostfix.toml", False),
        ("ghostfix diagnose web", False),
    ],
)
def test_a_line_of_a_crontab(line: str, starts: bool) -> None:
    trail = follow(FakeSystem(), SERVICE, line, "/root")
    assert (trail is not None) is starts
    if trail is not None:
        assert trail.guarded
        assert trail.guard == "ghostfix run"

import json

from msgspec import structs

from ghostfix.managers.pm2.offer import ecosystem
from tests.fake_system import FakeSystem
from tests.managers.offer_stage import ALICE, NASTY, WANTED, offered, unavailable
from tests.managers.pm2.test_hold_app import FakePm2
from tests.managers.pm2.test_jobs import PM2_HOME


def test_the_whole_file() -> None:
    (app,) = json.loads(ecosystem(WANTED))["apps"]
    assert app == {
        "name": "web",
        "script": "/srv/web/.venv/bin/python",
        "args": ["-m", "shop.web"],
        "interpreter": "none",
        "cwd": "/srv/web",
        "env": {"PATH": "/srv/web/.venv/bin:/usr/bin", "VIRTUAL_ENV": "/srv/web/.venv"},
        "out_file": "/srv/web/logs/web.log",
        "error_file": "/srv/web/logs/web.log",
        "merge_logs": True,
        "autorestart": True,
        "min_uptime": 10_000,
        "max_restarts": 5,
        "exp_backoff_restart_delay": 500,
        "kill_timeout": 15_000,
        "max_memory_restart": 512 << 20,
    }


def test_every_word_is_itself() -> None:
    (app,) = json.loads(ecosystem(structs.replace(NASTY, memory=None)))["apps"]
    assert (app["script"], *app["args"]) == NASTY.command
    assert "max_memory_restart" not in app


def test_it_lies_beside_the_service() -> None:
    offer = offered("pm2", FakePm2().system)
    assert (offer.place, offer.manager, offer.scope) == ("/srv/web/web.pm2.json", "pm2:web", PM2_HOME)
    assert "pm2 startup" in offer.notes[0]


def test_what_is_missing_is_told() -> None:
    assert "npm install" in unavailable("pm2", FakeSystem()).hint
    system = FakeSystem()
    system.add_program("pm2")
    assert unavailable("pm2", system).hint == "`pm2 ping` starts it"
    assert "sudo -u alice" in unavailable("pm2", FakePm2().system, ALICE).hint


def test_what_pm2_takes_for_more_than_one_application_is_no_name() -> None:
    system = FakePm2().system
    for name, meaning in (("all", "every application"), ("web.json", "a file"), ("a.config.js", "a file")):
        assert meaning in unavailable("pm2", system, structs.replace(WANTED, name=name)).reason

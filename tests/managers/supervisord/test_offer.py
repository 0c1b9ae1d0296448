import configparser

from msgspec import structs

from ghostfix.managers.supervisord.offer import section
from ghostfix.model.machine import Platform
from tests.fake_supervisorctl import CONFIG, DAEMON, FakeSupervisorctl
from tests.fake_system import FakeSystem, default_caller
from tests.managers.offer_stage import ALICE, NASTY, WANTED, offered, unavailable

FOLDER = "/srv/ghost/conf.d"


def house(include: str = "[include]\nfiles = gone/*.conf conf.d/*.ini\n") -> FakeSystem:
    system = FakeSystem()
    system.add_file(CONFIG, include.encode())
    system.add_folder(FOLDER)
    FakeSupervisorctl(system)
    return system


PROGRAM = """\
; Written by `ghostfix adopt web`, `ghostfix undo` takes it away.
[program:web]
command=/srv/web/.venv/bin/python -m shop.web
directory=/srv/web
environment=PATH="/srv/web/.venv/bin:/usr/bin",VIRTUAL_ENV="/srv/web/.venv"
autostart=true
autorestart=unexpected
startsecs=10
startretries=5
stopsignal=TERM
stopwaitsecs=15
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=/srv/web/logs/web.log
"""


def test_the_whole_program() -> None:
    assert section(structs.replace(WANTED, open_files=None), as_root=False) == PROGRAM


def test_it_goes_into_the_first_included_folder_that_is_there() -> None:
    offer = offered("supervisord", house())
    assert (offer.place, offer.manager) == (f"{FOLDER}/web.ini", "supervisord:web")


def test_root_s_runs_it_as_the_folder_s_owner_who_opens_the_log() -> None:
    text = section(ALICE, as_root=True) or ""
    assert "user=alice\n" in text
    assert "stdout_logfile=NONE\n" in text
    assert "ulimit -n 1024 && exec" in text


def test_what_the_format_would_take_for_a_comment_or_a_quote_is_not_written() -> None:
    assert section(NASTY, as_root=False) is None
    assert "comment" in unavailable("supervisord", house(), NASTY).reason


def test_a_percent_sign_is_itself() -> None:
    text = section(structs.replace(WANTED, directory="/srv/a%n", open_files=None), as_root=False) or ""
    parser = configparser.ConfigParser()
    parser.read_string(text)
    assert parser["program:web"]["directory"] == "/srv/a%n"


def test_what_is_missing_is_told() -> None:
    assert "no supervisord runs" in unavailable("supervisord", FakeSystem()).reason
    none = house("[supervisord]\n")
    assert "includes no folder" in unavailable("supervisord", none).reason
    assert DAEMON in none.table


def test_a_log_with_a_percent_sign_is_opened_by_a_shell() -> None:
    text = section(structs.replace(WANTED, log="/srv/a%d/w.log", open_files=None), as_root=False) or ""
    assert "stdout_logfile=NONE\n" in text
    assert " /srv/a%%d/w.log " in text


def test_what_supervisorctl_takes_for_every_program_is_no_name() -> None:
    assert "every program" in unavailable("supervisord", house(), structs.replace(WANTED, name="all")).reason


def test_root_gives_nothing_to_the_supervisord_of_another_user() -> None:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    system.add_file(CONFIG, b"[include]\nfiles = conf.d/*.ini\n")
    system.add_folder(FOLDER)
    FakeSupervisorctl(system)
    system.table[DAEMON].record = structs.replace(system.table[DAEMON].record, uid=1001, user="alice")
    assert unavailable("supervisord", system).reason == "no supervisord of root runs"

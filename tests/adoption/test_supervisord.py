import configparser

from msgspec import structs

from ghostfix.adoption.supervisord import section
from tests.adoption.stage import ALICE, NASTY, WANTED, absent, offered
from tests.fake_supervisorctl import CONFIG, DAEMON, FakeSupervisorctl
from tests.fake_system import FakeSystem

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
    assert "comment" in absent("supervisord", house(), NASTY).reason


def test_a_percent_sign_is_itself() -> None:
    text = section(structs.replace(WANTED, directory="/srv/a%n", open_files=None), as_root=False) or ""
    parser = configparser.ConfigParser()
    parser.read_string(text)
    assert parser["program:web"]["directory"] == "/srv/a%n"


def test_what_is_missing_is_told() -> None:
    assert "no supervisord runs" in absent("supervisord", FakeSystem()).reason
    none = house("[supervisord]\n")
    assert "includes no folder" in absent("supervisord", none).reason
    assert DAEMON in none.table

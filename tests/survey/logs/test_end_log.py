from ghostfix.model.last_end import EndKind, LastEnd, LastLine
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Reason
from ghostfix.survey.logs.end_log import end_log

NOW = 1_800_000_000.0
SERVICE = Service(name="shop", profile="", directory="/srv/shop", script="shop.py")


def end(*lines: LastLine, log: str | None = "journalctl --unit=shop.service") -> LastEnd:
    return LastEnd(
        kind=EndKind.EXITED,
        manager="systemd",
        job="shop.service",
        reported_by="systemctl show",
        words="it exited with status 1",
        lines=lines,
        log=log,
    )


def test_the_lines_that_a_manager_kept_are_read_as_the_end_of_a_log() -> None:
    said = (LastLine("starting", NOW - 9), LastLine("ModuleNotFoundError: No module named 'stripe'", NOW - 8))
    log = end_log(end(*said), SERVICE, NOW)
    assert log is not None
    assert (log.path, log.modified) == ("journalctl --unit=shop.service", NOW - 8)
    assert log.ending is not None
    assert (log.ending.reason, log.ending.about, log.ending.last_at) == (
        Reason.MISSING_MODULE,
        "stripe",
        NOW - 8,
    )
    assert log.last_lines[-1] == "ModuleNotFoundError: No module named 'stripe'"


def test_a_worker_that_did_not_boot_is_not_why() -> None:
    trace = "Traceback (most recent call last):"
    text = (
        f"{trace}|  File '/srv/shop/wsgi.py', line 1, in <module>|ModuleNotFoundError: No module named 'x'"
        f"|{trace}|  File '/srv/shop/venv/bin/gunicorn', line 8, in <module>"
        "|gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>"
    )
    lines = [
        LastLine(line.replace("'/", '"/').replace("y',", 'y",').replace("n',", 'n",'))
        for line in text.split("|")
    ]
    log = end_log(end(*lines), SERVICE, NOW)
    assert log is not None
    assert log.ending is not None
    assert log.ending.exception == "ModuleNotFoundError"


def test_no_lines_are_no_log() -> None:
    assert end_log(end(), SERVICE, NOW) is None
    assert end_log(end(LastLine("x"), log=None), SERVICE, NOW) is None

"""Logs that the profile does not name, and a manager or a starter knows."""

from msgspec import structs

from ghostfix.diagnosis.judgement import judge
from ghostfix.model.finding import Outcome
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.survey.survey import survey
from tests.fake_system import FakeSystem
from tests.managers.stage import HOME, SERVICE, machine

LOG = f"{HOME}/w[1].log"
ERROR = b"""Traceback (most recent call last):
  File "/srv/ghost/ghost.py", line 3, in <module>
KeyError: 'URL'
"""


def of_cron(line: str, service: Service = SERVICE) -> tuple[FakeSystem, Snapshot]:
    system = machine()
    system.add_file(LOG, ERROR)
    system.add_file("/etc/crontab", f"* * * * * root {line}\n".encode())
    return system, survey(system, service)


def test_where_a_cron_line_sends_its_output_is_read_when_the_profile_names_no_log() -> None:
    _, snapshot = of_cron(f"cd {HOME} && python3 ghost.py >> 'w[1].log' 2>&1")
    (log,) = snapshot.logs.value
    assert log.path == LOG
    assert [error.exception for error in log.errors] == ["KeyError"]
    outcomes = {result.check: result.outcome for result in judge(snapshot, SERVICE)}
    assert outcomes["traceback-in-log"] is not Outcome.SKIPPED


def test_a_profile_that_names_its_logs_is_taken_at_its_word() -> None:
    named = structs.replace(SERVICE, logs=("own.log",))
    _, snapshot = of_cron(f"cd {HOME} && python3 ghost.py >> 'w[1].log' 2>&1", named)
    assert snapshot.logs.value == ()


def test_what_is_thrown_away_and_what_a_commented_line_wrote_is_no_log() -> None:
    _, thrown = of_cron(f"cd {HOME} && python3 ghost.py >/dev/null 2>&1")
    assert thrown.logs.value == ()
    system = machine()
    system.add_file(LOG, ERROR)
    system.add_file("/etc/crontab", f"#* * * * * root cd {HOME} && python3 ghost.py >> 'w[1].log'\n".encode())
    assert survey(system, SERVICE).logs.value == ()


def test_a_log_that_nobody_asked_for_and_that_cannot_be_read_is_told_and_not_missed() -> None:
    system = machine()
    system.add_file(LOG, ERROR, unreadable=True)
    system.add_file("/etc/crontab", f"* * * * * root cd {HOME} && python3 ghost.py >> 'w[1].log'\n".encode())
    reading = survey(system, SERVICE).logs
    assert reading.complete
    assert LOG in (reading.problem or "")

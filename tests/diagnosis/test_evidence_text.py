import pytest

from ghostfix.diagnosis.evidence_text import ancestry, command_of, job_trail, pids
from ghostfix.model.job import Place
from ghostfix.model.text_units import counted, lasting, listed, percent_of
from tests.diagnosis.checks.builders import cron_job, machine, process, unit_job, watchdog_job


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (0, "0 s"), (119, "119 s"), (180, "3 min"), (7200, "2 h"), (172800, "2 days")],
)
def test_spans_of_time(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_numbers_of_things() -> None:
    assert [counted(1, "process"), counted(2, "process"), counted(0, "instance")] == [
        "1 process",
        "2 processes",
        "0 instances",
    ]
    assert percent_of(1252, 300) == "417 % of the limit of 300"
    assert percent_of(3, 0) == "over the limit of 0"


def test_lists() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert pids(process(number) for number in range(2, 14)).endswith("10, 11 and 2 more")


def test_long_command_lines_are_cut() -> None:
    assert command_of(process(2, "x" * 1_000_000)) == "x" * 300 + "…"
    assert command_of(process(2, name="kworker")) == "kworker"


def test_ancestors_come_first() -> None:
    shell, child = process(80, "bash"), process(300, "nc", ppid=80)
    assert ancestry(child, machine(shell, child).tree) == "init (1) → bash (80) → nc (300)"


def test_jobs_and_the_lines_that_they_go_through() -> None:
    hops = [Place("/srv/boot.sh", 3), Place("/srv/start.sh", 4)]
    assert job_trail(cron_job(hops=hops)) == "cron line 7 → boot.sh:3 → start.sh:4"
    assert job_trail(watchdog_job("/srv/watchdog.sh")) == "watchdog.sh:214"
    assert job_trail(unit_job()) == "systemd ghost.service"

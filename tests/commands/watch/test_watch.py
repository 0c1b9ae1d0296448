"""A watch from its first look to its verdict, on an in-memory machine."""

import pytest
from msgspec import structs
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as classic_families

from ghostfix.commands.watch.lines import seen_line, verdict_line
from ghostfix.commands.watch.openmetrics import openmetrics
from ghostfix.commands.watch.output import MetricsFile
from ghostfix.commands.watch.record import Kind, SeenInstance, WatchRecord, verdict_sentence
from ghostfix.commands.watch.view import sparkline, view
from ghostfix.commands.watch.watch import Watch, watched_service
from ghostfix.model.errors import ProfileError, StepError
from ghostfix.model.service import HealthWanted, Limits, Service
from tests.fake_process_watch import FakeProcessWatch
from tests.fake_system import START, FakeSystem

URL = "http://127.0.0.1:8000/health"
SERVICE = Service(
    name="web",
    profile="p",
    directory="/srv/web",
    module="shop.web",
    ports=(8000,),
    limits=Limits(processes=8),
)
ARGV = ("python3", "-m", "shop.web")


def machine() -> FakeSystem:
    system = FakeSystem()
    system.add_process(500, ("/bin/bash", "/srv/web/loop.sh"), cwd="/srv/web")
    system.add_file("/srv/web/loop.sh", b"#!/bin/bash\nwhile true; do\n  python3 -m shop.web\ndone\n")
    system.add_process(501, ARGV, ppid=500, cwd="/srv/web", listens=(8000,))
    return system


def watched(system: FakeSystem, seconds: float = 30.0, service: Service = SERVICE) -> WatchRecord:
    return Watch(system, FakeProcessWatch(system), service, seconds=seconds, interval=1.0).run()


def after(system: FakeSystem, seconds: float, act: object) -> None:
    """Does something once, when so much time has passed."""
    assert callable(act)
    due = [START + seconds]

    def once() -> None:
        if due and system.now() >= due[0]:
            due.clear()
            act()

    system.after_each_tick.append(once)


def respawned(system: FakeSystem) -> None:
    system.end(501)
    system.add_process(502, ARGV, ppid=500, cwd="/srv/web", listens=(8000,), started=system.now())


def kinds(record: WatchRecord) -> list[Kind]:
    return [seen.kind for seen in record.seen]


def test_without_a_profile_there_is_nothing_to_watch() -> None:
    with pytest.raises(ProfileError, match="what should be watched"):
        watched_service(FakeSystem(), None, None)
    assert watched_service(FakeSystem(), "ghost-runner", None).name == "ghost-runner"


def test_a_service_that_holds() -> None:
    system = machine()
    record = watched(system)
    verdict = record.verdict(system.now())
    assert verdict.held
    assert (
        verdict_sentence("web", verdict) == "web held for 30 s: nothing ended, and nothing is wrong with it"
    )
    assert kinds(record) == [Kind.WATCHING]
    assert 29 <= len(record.samples) <= 32
    assert system.acts == []


def test_a_restart_is_told_with_its_restarter() -> None:
    system = machine()
    after(system, 10, lambda: respawned(system))
    record = watched(system)
    assert kinds(record) == [Kind.WATCHING, Kind.ENDED, Kind.STARTED]
    assert record.seen[2].words == "pid 502 started: python3 -m shop.web, by the loop loop.sh (pid 500)"
    verdict = record.verdict(system.now())
    assert (verdict.restarts, verdict.by) == (1, {"the loop loop.sh": 1})
    assert verdict.problems == ("it ended once and was started once: 1 by the loop loop.sh",)


def test_one_that_ends_for_good() -> None:
    system = machine()
    after(system, 10, lambda: system.end(501))
    record = watched(system)
    assert record.verdict(system.now()).problems == ("it ended once", "0 instances at the end, and not 1")
    assert kinds(record) == [Kind.WATCHING, Kind.ENDED], "that nobody listens goes without saying"


def test_a_port_that_closes_and_opens_again() -> None:
    system = machine()
    after(system, 10, lambda: system.sockets.clear())
    after(system, 20, lambda: system.listen(501, 8000))
    record = watched(system)
    assert [each.text for each in record.seen][1:] == [
        "nobody listens on port 8000",
        "over: nobody listens on port 8000",
    ]
    assert record.verdict(system.now()).held


def test_two_at_once_for_longer_than_a_hand_over() -> None:
    system = machine()
    after(system, 5, lambda: system.add_process(600, ARGV, cwd="/srv/web", started=system.now()))
    after(system, 20, lambda: system.end(600))
    problems = watched(system).verdict(system.now()).problems
    assert problems[-1] == "more than 1 instance for a while"


def test_a_limit_of_the_machine_is_a_warning() -> None:
    system = machine()
    for pid in (901, 902, 903, 904):
        system.add_process(pid, ("sleep", "1"))
    verdict = watched(system).verdict(system.now())
    assert verdict.held
    assert verdict.warnings == ("10 processes, 125 % of the limit of 8",)
    assert verdict_sentence("web", verdict).endswith("; but 10 processes, 125 % of the limit of 8")


def test_a_health_document_that_turns_bad() -> None:
    system = machine()
    service = Service(
        name="web",
        profile="p",
        directory="/srv/web",
        module="shop.web",
        health=HealthWanted(url=URL, expect={"status": "ok"}),
    )
    system.add_page(URL, body='{"status": "broken"}')
    record = watched(system, 60.0, service)
    (trouble,) = record.troubles.values()
    assert trouble == 'it is not healthy: status is "broken", not "ok"'
    assert not record.verdict(system.now()).held


def test_a_health_url_that_answers_with_an_error_where_nothing_is_expected_of_its_document() -> None:
    system = machine()
    service = structs.replace(SERVICE, health=HealthWanted(url=URL))
    system.add_page(URL, body="broken", status=500)
    (trouble,) = watched(system, 60.0, service).troubles.values()
    assert trouble == "it is not healthy: HTTP status 500"


def test_what_is_used_is_added_up() -> None:
    system = machine()
    process_watch = FakeProcessWatch(system)
    after(system, 10, lambda: process_watch.cpu_seconds.update({501: 0.5}))
    record = Watch(system, process_watch, SERVICE, seconds=30, interval=1.0).run()
    assert record.samples[-1].cpu_seconds == pytest.approx(0.5)
    assert max(sample.cpu_percent or 0 for sample in record.samples) == pytest.approx(50, rel=0.2)


# telling


def restarted() -> WatchRecord:
    system = machine()
    after(system, 10, lambda: respawned(system))
    return watched(system)


def test_the_metrics_are_openmetrics_and_what_node_exporter_reads() -> None:
    record = restarted()
    record.starters['a "quoted"\\ name\n'] = 2
    text = openmetrics(record)
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }
    web = ("service", "web")
    assert found["ghostfix_instances", web] == 1
    assert found["ghostfix_starts_total", ("by", "the loop loop.sh"), web] == 1
    assert found["ghostfix_starts_total", ("by", 'a "quoted"\\ name\n'), web] == 2
    assert found["ghostfix_ends_total", web] == 1
    assert found["ghostfix_port_listening", ("port", "8000"), web] == 1
    assert found["ghostfix_memory_bytes", web] == 20_000_000
    assert all(sample.timestamp is None for family in classic_families(text) for sample in family.samples), (
        "the textfile collector refuses time stamps"
    )


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("height", [1, 5, 12, 40])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_view_fits_any_terminal(width: int, height: int, unicode: bool) -> None:
    record = restarted()
    record.seen.extend(SeenInstance(START, Kind.TROUBLE, "x" * 300) for _ in range(50))
    lines = view(record, START + 30, width, height, unicode=unicode).plain.split("\n")
    assert len(lines) <= height
    assert max(len(line) for line in lines) <= width
    assert lines[0].startswith("web")
    if not unicode:
        assert all(line.isascii() for line in lines)


def test_the_view_says_what_one_wants_to_know() -> None:
    text = view(restarted(), START + 30, 100, 30).plain
    for words in (
        "web · 1 of 1 instance · watching for 30 s of 30 s",
        "pid 502, 20 s old",
        "20 MB",
        "8000 listens",
        "started once: 1 by the loop loop.sh",
        "pid 501 ended after",
    ):
        assert words in text, text


def test_a_hostile_command_line_cannot_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    system = FakeSystem()
    system.add_process(501, (*ARGV, "\x1b[2J\x07[red]", "--token=hunter2"), cwd="/srv/web")
    record = watched(system, 5.0)
    text = view(record, system.now(), 120, 20).plain
    assert "\x1b" not in text
    assert "hunter2" not in text
    assert "[red]" in text


@pytest.mark.parametrize(
    ("values", "bars"),
    [([], ""), ([1.0], "▁"), ([3.0, 3.0], "▁▁"), ([0.0, 7.0], "▁█"), ([9, 0, 3.5, 7], "▁▅█")],
)
def test_a_sparkline(values: list[float], bars: str) -> None:
    assert sparkline(values, 3) == bars


def test_lines_for_a_person_and_for_a_program() -> None:
    record = restarted()
    ended = record.seen[1]
    assert seen_line("web", ended, json=False).endswith("Z web: pid 501 ended after 24 h\n")
    assert '"event":"ended"' in seen_line("web", ended, json=True)
    verdict = record.verdict(record.began + 30)
    line = verdict_line("web", verdict, record.began + 30, json=False)
    assert line.startswith("2026-03-02T09:01:30.000Z web did not hold for 30 s: ")
    assert '"restarts":1' in verdict_line("web", verdict, record.began + 30, json=True)


def test_a_disk_that_is_full_for_a_while_ends_no_watch(capsys: pytest.CaptureFixture[str]) -> None:
    """But a file that cannot be written in the first place does: it was a slip."""
    record = watched(machine(), 1.0)
    full = [False, True, True, False, True]

    def publish(_path: str, _content: bytes) -> None:
        if full.pop(0):
            raise StepError("web.prom cannot be written: no space")

    metrics = MetricsFile(publish, "web.prom")
    for _ in range(5):
        metrics.write(record)
    assert capsys.readouterr().err.count("no space; the watch goes on") == 2
    full[:] = [True]
    with pytest.raises(ProfileError, match="no space"):
        MetricsFile(publish, "web.prom").write(record)

from msgspec import structs

from ghostfix.model.report import CauseRef, CauseReport, SubjectReport
from ghostfix.report.svg import NARROW, WIDE, causes_picture, timeline_picture
from ghostfix.report.timeline import timeline
from tests.report.formats import SITUATIONS


def test_the_oldest_is_first_and_every_step_has_its_place() -> None:
    line = timeline(SITUATIONS["half_repaired"])
    times = [moment.at for moment in line.moments]
    assert times == sorted(times)
    assert [moment.state for moment in line.moments if moment.kind == "step"] == [
        "done", "failed", "done", "unneeded", "not-reached",
    ]  # fmt: skip
    kinds = {moment.kind for moment in line.moments}
    assert kinds == {"instance", "traceback", "firing", "respawn", "step"}
    assert line.now == 1_795_000_000.0


def test_each_time_that_a_job_was_due_is_a_dot() -> None:
    picture = timeline_picture(timeline(SITUATIONS["incident"]), WIDE)
    assert picture.count('class="mark firing"') == 12
    assert "was due × 12 by its schedule, every 5 minutes, 2026-11-18 10:06:40 UTC" in picture


def test_a_clock_that_was_set_back_draws_no_bar_backwards() -> None:
    report = SITUATIONS["healthy"]
    later = structs.replace(report.instances[0], started=1_795_000_500.0)
    line = timeline(structs.replace(report, instances=(later,)))
    assert line.now == 1_795_000_500.0
    assert "-" not in timeline_picture(line, WIDE).split('width="')[-1].split('"')[0]


def test_causes_in_a_circle_are_drawn_once() -> None:
    subjects = [SubjectReport("file", str(n)) for n in range(3)]
    causes = [
        CauseReport(code="a", subject=one, short="x", leads_to=(CauseRef("a", subjects[(n + 1) % 3]),))
        for n, one in enumerate(subjects)
    ]
    for width in (NARROW, WIDE):
        assert causes_picture(causes, width).count("<rect") == 3


def test_no_causes_and_no_moments_are_drawn_as_nothing() -> None:
    assert "<rect" not in causes_picture((), WIDE)
    assert timeline(SITUATIONS["unreadable"]).moments == ()

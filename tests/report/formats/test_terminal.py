import re
from collections.abc import Callable

import pytest
from msgspec import structs
from rich.cells import cell_len

from ghostfix.model.report import PlanReport, Report, SubjectReport
from ghostfix.report.formats import terminal
from ghostfix.report.output_options import Amount, Layout
from tests import sample_reports as samples
from tests.report.formats import SITUATIONS

SERVICE = SubjectReport("service", "web")


def rendered(
    report: Report,
    width: int = 100,
    amount: Amount = Amount.NORMAL,
    *,
    colour: bool = False,
    unicode: bool = True,
) -> str:
    return terminal.render(report, Layout(width=width, amount=amount, colour=colour, unicode=unicode))


def unwrapped(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_the_verdict_comes_first_and_the_next_command_last() -> None:
    lines = rendered(samples.incident()).splitlines()
    assert lines[0] == "● DOWN  ghost-runner on mac-mini (macos): 7 errors, 1 warning"
    assert "profile: /opt/ghost/ghostfix.toml" in lines[1]
    assert lines[-2].split() == [
        "ghostfix",
        "repair",
        "ghost-runner",
        "--dry-run",
        *["shows", "what", "a", "repair", "would", "do"],
    ]
    assert lines[-1].strip().startswith("ghostfix repair ghost-runner ")


def test_one_line_a_check_with_its_mark() -> None:
    text = rendered(samples.incident())
    assert re.search(r"^  ✗ duplicate-instance +3 instances of ghost-runner run, 1 ", text, re.MULTILINE)
    assert re.search(r"^  ! process-count +1252 processes, 417 % of the limit of 300$", text, re.MULTILINE)
    assert re.search(r"^  ✓ disk-full$", text, re.MULTILINE)
    assert "– not applicable: crash-loop, webhook-failing" in text
    assert "? duplicate-instance  could not look: processes: permission denied" in rendered(
        samples.unreadable()
    )


def test_many_that_do_not_apply_are_counted_and_told_by_verbose() -> None:
    many = tuple(samples.skipped(f"check-{n}", f"reason {n}") for n in range(5))
    report = structs.replace(samples.incident(), results=(*samples.incident().results[:1], *many))
    assert "– 5 checks are not applicable here; -v says why" in rendered(report)
    assert all(f"check-{n}  reason {n}" in rendered(report, amount=Amount.VERBOSE) for n in range(5))


def test_no_plan_is_no_relief_when_nothing_was_seen() -> None:
    blind = structs.replace(samples.unreadable(), plan=PlanReport(steps=()))
    assert "Nothing to repair" not in rendered(blind)
    assert "No plan: too much could not be looked at" in rendered(blind)
    healthy = structs.replace(samples.incident(), plan=PlanReport(steps=()))
    assert "Nothing to repair" in rendered(healthy)


def test_the_same_reason_is_told_once() -> None:
    results = tuple(samples.skipped(code, "the same reason", unread=True) for code in ("stale-pidfile", "x"))
    text = rendered(structs.replace(samples.unreadable(), results=results))
    assert re.search(r"^  \? stale-pidfile +could not look: the same reason$", text, re.MULTILINE)
    assert re.search(r"^  \? x +could not look: see stale-pidfile$", text, re.MULTILINE)


def test_the_chain_of_causes_is_one_line_of_arrows() -> None:
    chain = "Root cause: cron line 7 → watchdog.sh:214 → 3 instances → 2 cannot bind 5555 → traceback × 88"
    assert chain in rendered(samples.incident())
    assert chain in unwrapped(rendered(samples.incident(), 60))


def test_metrics_have_units_and_limits_and_no_lone_percentage_of_a_count() -> None:
    text = rendered(samples.incident())
    assert "7.02 on 8 CPUs" in text
    assert "limit 16" in text
    assert "7.6 GB, 80 M packets" in text
    assert "5.2 GB, 45 M packets" in text
    assert "0.56 %" in text
    assert "1252 %" not in text


def test_a_plan_is_numbered_by_phase_and_says_what_is_left_out() -> None:
    text = rendered(samples.planned())
    assert (
        text.index("Hold what restarts it")
        < text.index("1. comment out line 7")
        < text.index("Stop processes")
    )
    assert "(cannot be undone)" in text
    assert "(only with --evict)" in unwrapped(text)
    assert "ghostfix repair ghost-runner --evict" in text


def test_a_repair_says_what_was_done_and_how_to_go_on_or_back() -> None:
    text = rendered(samples.half_repaired())
    assert "✗ 2. stop-process  failed: pid 4711 is still there 10 s after KILL" in text
    assert "– 5. start-service  not reached: step 2 (stop-process) failed" in text
    assert "What was found before the repair" in text
    assert "ghostfix undo 20261118-110640-ab12" in text
    held = rendered(samples.repaired())
    assert "✓ held; watched for 30 s: 1 instance, no restart, health: ok, HTTP 200" in held
    assert "7 errors" not in held


def test_a_healthy_machine_is_one_line() -> None:
    assert rendered(samples.healthy()).splitlines() == [
        "✓ ghost-runner is healthy: 1 instance (pid 4711), port 5555, health ok"
    ]
    assert "✓ stale-pidfile" in rendered(samples.healthy(), amount=Amount.VERBOSE)


def test_a_healthy_machine_with_a_warning_shows_it() -> None:
    report = samples.healthy()
    warned = structs.replace(
        report, results=(*report.results, samples.found("x", "odd", "why", SERVICE, severity="warning"))
    )
    assert "! x" in rendered(warned)


def test_quiet_says_nothing_when_healthy_and_one_line_when_not() -> None:
    assert rendered(samples.healthy(), amount=Amount.QUIET) == ""
    assert rendered(samples.repaired(), amount=Amount.QUIET) == ""
    assert rendered(samples.incident(), amount=Amount.QUIET) == (
        "● ghost-runner is DOWN: cron line 7 → watchdog.sh:214\n"
    )
    unread = rendered(samples.unreadable(), amount=Amount.QUIET)
    assert unread == "● ghost-runner is UNKNOWN: could not look: processes: permission denied\n"
    assert rendered(samples.half_repaired(), amount=Amount.QUIET).count("\n") == 1
    both = terminal.render_all((samples.healthy(), samples.incident()), Layout(amount=Amount.QUIET))
    assert both.count("\n") == 1


def test_verbose_shows_all_evidence_and_the_repairs() -> None:
    assert "repair: comment out line 7" in rendered(samples.incident(), amount=Amount.VERBOSE)
    assert "repair:" not in rendered(samples.incident())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("amount", [Amount.NORMAL, Amount.VERBOSE])
def test_no_line_is_wider_than_the_terminal(name: str, width: int, amount: Amount) -> None:
    for line in rendered(SITUATIONS[name], width, amount).splitlines():
        assert cell_len(line) <= width


@pytest.mark.parametrize("name", SITUATIONS)
def test_nothing_is_lost_where_it_is_narrow(name: str) -> None:
    def letters(text: str) -> list[str]:
        return sorted(re.sub(r"\s", "", text))

    assert letters(rendered(SITUATIONS[name], 60)) == letters(rendered(SITUATIONS[name], 200))


def test_colour_only_when_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in rendered(samples.incident())
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = rendered(samples.incident(), colour=True)
    assert "\x1b[1;31m● DOWN" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == rendered(samples.incident()).split()


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("amount", list(Amount))
def test_ascii_where_nothing_else_can_be_written(name: str, amount: Amount) -> None:
    text = rendered(SITUATIONS[name], 60, amount, unicode=False)
    assert text.isascii()
    if name == "incident" and amount is Amount.NORMAL:
        assert "* DOWN" in text
        assert "x duplicate-instance" in text
        assert "watchdog.sh:214 -> 3 instances" in unwrapped(text)


def _in_summary(text: str) -> Report:
    return structs.replace(samples.incident(), results=(samples.found("x", text, text, SERVICE),))


def _in_note(text: str) -> Report:
    return structs.replace(samples.incident(), notes=(text,))


@pytest.mark.parametrize("place", [_in_summary, _in_note])
@pytest.mark.parametrize("text", ["[bold red]x[/]", "[link=http://x]y[/link]", ":boom:", "a\\[b]", "[/]"])
def test_markup_from_the_machine_is_text(place: Callable[[str], Report], text: str) -> None:
    assert text in rendered(place(text), colour=False)

"""The pages of a fleet, for a person and for programs."""

from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
from msgspec import structs

from ghostfix.commands.fleet import html, json, junit, nagios, openmetrics, terminal
from ghostfix.commands.fleet.formats import DIAGNOSIS_FORMATS, FORMATS, exit_code
from ghostfix.commands.fleet.wording import next_steps
from ghostfix.model.fleet import FleetReport, HostState, Verb
from ghostfix.report.output_options import Amount, Layout
from tests.commands.fleet.samples import HEALTHY, INCIDENT, MIXED, ROLLED, fleet, seen, unknown
from tests.report.formats.browser import visit
from tests.report.formats.test_junit import SCHEMA
from tests.report.formats.test_nagios import read as read_line
from tests.report.formats.test_openmetrics import read as read_metrics
from tests.report.test_schema import VALIDATOR

FLEETS = {"mixed": MIXED, "rolled": ROLLED}


def lines(report: FleetReport, **layout: object) -> list[str]:
    return terminal.render(report, structs.replace(Layout(), **layout)).splitlines()


@pytest.mark.parametrize("name", FLEETS)
@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_stays_within_its_width(name: str, width: int) -> None:
    assert max(map(len, lines(FLEETS[name], width=width))) <= width


def test_what_is_ill_comes_first_and_what_is_not_known_apart() -> None:
    text = "\n".join(lines(MIXED))
    assert lines(MIXED)[0].startswith("● 6 hosts: 2 down, 2 healthy, 1 unreachable, 1 failed")
    places = [
        text.index(sign) for sign in ("What was found", "on 2 hosts: web2 and web3", "\nHosts", "Not known")
    ]
    assert places == sorted(places)
    assert text.index("No route to host") > text.index("Not known")
    assert "2 hosts   healthy    web1, web4" in text
    assert "ghostfix report d20261123-201530-a1b2" in " ".join(text.split())
    assert "ghostfix fleet repair -i hosts.ini --dry-run" in text
    assert "ghostfix fleet diagnose -i hosts.ini --limit web5,web6" in text


def test_each_finding_stands_once() -> None:
    text = " ".join(" ".join(lines(MIXED, width=400)).split())
    for finding in MIXED.findings:
        if finding.severity != "info":
            assert text.count(finding.summary) == 1


def test_a_roll_says_what_was_lost_and_how_it_is_taken_back() -> None:
    text = " ".join(" ".join(lines(ROLLED)).split())
    assert "web2 lost on the way (run r2): it went dark" in text
    assert "web3 not begun: too much had failed before" in text
    assert "ghostfix fleet undo -i hosts.ini --limit web2" in text
    assert "What was found before the repair" in text


def test_the_next_command_does_what_was_shown() -> None:
    """Without `--no-start` it would start what the user wants stopped."""
    planned = fleet(seen("web1", INCIDENT, changed=True), verb=Verb.REPAIR, dry_run=True)
    chosen = structs.replace(planned, choices=("--no-start", "--only", "stale-pidfile"))
    assert "ghostfix fleet repair -i hosts.ini --no-start --only stale-pidfile" in " ".join(
        " ".join(lines(chosen)).split()
    )
    found = structs.replace(chosen, verb=Verb.DIAGNOSE, dry_run=False)
    assert any("--no-start --only stale-pidfile --dry-run" in step.command for step in next_steps(found))
    lost = structs.replace(ROLLED, choices=("--no-start",))
    assert all("--no-start" not in step.command for step in next_steps(lost))


def test_an_undo_that_was_stopped_half_way_is_gone_on_with() -> None:
    stopped = structs.replace(ROLLED, verb=Verb.UNDO)
    assert next_steps(stopped)[0].command == "ghostfix fleet undo -i hosts.ini --limit web2"


def test_quiet_says_nothing_when_all_is_well() -> None:
    well = structs.replace(fleet(seen("web1", HEALTHY)), exit_code=0)
    assert lines(well, amount=Amount.QUIET) == []
    assert len(lines(MIXED, amount=Amount.QUIET)) == 1


def test_ascii_where_nothing_else_can_be_written() -> None:
    assert "\n".join(lines(MIXED, unicode=False)).isascii()


@pytest.mark.parametrize("name", FLEETS)
def test_json_is_what_the_schema_says_and_comes_back(name: str) -> None:
    text = json.render(FLEETS[name])
    assert msgspec.json.decode(text, type=FleetReport) == FLEETS[name]
    VALIDATOR.validate(msgspec.json.decode(text))
    assert isinstance(VALIDATOR, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", FLEETS)
def test_junit_is_valid_and_names_each_host_as_the_inventory_does(name: str) -> None:
    text = junit.render(FLEETS[name])
    SCHEMA.validate(text)
    suites = list(ElementTree.fromstring(text).iter("testsuite"))
    assert {suite.get("hostname") for suite in suites} == {host.name for host in FLEETS[name].hosts}


def test_in_junit_a_host_out_of_reach_is_an_error_and_no_failure() -> None:
    suites = ElementTree.fromstring(
        junit.render(fleet(unknown("web5", HostState.UNREACHABLE, 'no "route" <x>')))
    )
    (error,) = suites.iter("error")
    assert (error.get("message"), error.get("type")) == ('no "route" <x>', "unreachable")
    assert list(suites.iter("failure")) == []


def test_html_escapes_and_shows_only_hosts_that_are_not_well() -> None:
    evil = fleet(
        *MIXED.hosts, unknown("<script>x</script>", HostState.FAILED, "</style><img src=x onerror=1>")
    )
    text = html.render(evil)
    assert "<script" not in text
    assert "<img" not in text
    assert text.count("<article>") == 1 + 2


@pytest.mark.real
@pytest.mark.slow
def test_a_browser_shows_it_without_scrolling_sideways(tmp_path: Path) -> None:
    seen_there = visit(tmp_path, {name: html.render(each) for name, each in FLEETS.items()}, (380, 1280))
    assert seen_there.console == ()
    assert [page for page in seen_there.pages if page.scroll > page.width or page.scripts] == []


def test_every_format_renders_every_fleet() -> None:
    assert tuple(FORMATS) == ("terminal", "json", "html", "junit")
    for render in FORMATS.values():
        assert all(render(each, Layout()) for each in FLEETS.values())


def test_monitoring_reads_one_line_of_a_fleet() -> None:
    state, text, data = read_line(nagios.render(MIXED))
    assert (state, exit_code("nagios", MIXED)) == ("CRITICAL", 2)
    assert "6 hosts: 2 down (web2, web3), 2 healthy, 2 without an answer (web5, web6)" in text
    assert data == {"hosts": 6, "healthy": 2, "degraded": 0, "down": 2, "unknown": 2}
    well, blind = fleet(seen("a", HEALTHY)), fleet(seen("a", HEALTHY), *MIXED.hosts[4:])
    assert (exit_code("nagios", well), exit_code("nagios", blind)) == (0, 3)
    assert exit_code("json", MIXED) == MIXED.exit_code
    assert exit_code("nagios", fleet()) == 3, "of no host nothing is known"


def test_every_number_of_a_fleet_has_its_host() -> None:
    text = openmetrics.render(MIXED)
    samples = read_metrics(text)
    assert all("host" in dict(labels) for _, labels in samples)
    down = frozenset({("host", "web2"), ("service", "ghost-runner"), ("verdict", "down")})
    assert samples["verdict", down] == 1
    answered = {
        dict(labels)["host"]: value for (name, labels), value in samples.items() if "answered" in name
    }
    assert answered == {"web1": 1, "web2": 1, "web3": 1, "web4": 1, "web5": 0, "web6": 0}


def test_what_was_done_is_no_matter_of_monitoring() -> None:
    assert set(DIAGNOSIS_FORMATS) - set(FORMATS) == {"nagios", "openmetrics"}

import re

from ghostfix.report.formats import github
from ghostfix.report.output_options import Layout
from tests.report.formats import SITUATIONS
from tests.report.formats.test_html import renamed


def annotations(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("::")]


def test_every_finding_is_an_annotation_of_its_severity() -> None:
    told = annotations(github.render(SITUATIONS["incident"]))
    count = sum(len(result.findings) for result in SITUATIONS["incident"].results)
    assert len(told) == count
    assert len([line for line in told if line.startswith("::warning ")]) == 1
    assert len([line for line in told if line.startswith("::error ")]) == count - 1


def test_an_annotation_names_the_file_and_the_line() -> None:
    text = github.render(SITUATIONS["incident"])
    assert "::error file=/var/spool/cron/crontabs/alice,line=7,title=ghostfix rogue-restarter::" in text


def test_a_file_of_the_repository_is_named_as_it_is_in_it() -> None:
    text = github.render(SITUATIONS["incident"], Layout(workspace="/opt/ghost"))
    assert "::error file=logs/runner.log,line=90211," in text
    assert "file=/var/spool/cron" in text


def test_what_could_not_be_looked_at_is_a_warning() -> None:
    told = annotations(github.render(SITUATIONS["unreadable"]))
    assert [line.partition("::")[2].partition("::")[2].partition(":")[0] for line in told] == [
        "could not look",
        "could not look",
        "failed itself",
    ]


def test_a_healthy_service_has_no_annotation() -> None:
    text = github.render(SITUATIONS["healthy"])
    assert text == "ghostfix: ghost-runner: healthy, exit code 0\n"


def test_text_from_the_machine_ends_no_command_and_begins_none() -> None:
    calm = github.render_all(tuple(SITUATIONS.values()))
    text = github.render_all(
        [renamed(report, "a\r\n::error::b,line=1 %0A ::stop-commands::x") for report in SITUATIONS.values()]
    )
    assert len(text.splitlines()) == len(calm.splitlines())
    assert len(annotations(text)) == len(annotations(calm))
    assert re.search(r"^::stop", text, re.MULTILINE) is None
    assert github.command("error", "100%\n", file="a,b:c") == "::error file=a%2Cb%3Ac::100%25%0A"

from msgspec import structs

from ghostfix.model.report import PlanReport, Report, ServiceReport, SubjectReport
from ghostfix.report.advice import next_commands, offers, prevention, went_well
from tests import sample_reports as samples

SUBJECT = SubjectReport("port", "5555")


def commands(report: Report) -> list[str]:
    return [advice.command for advice in next_commands(report)]


def test_after_a_diagnosis_the_plan_comes_first() -> None:
    assert commands(samples.incident()) == [
        "ghostfix repair ghost-runner --dry-run",
        "ghostfix repair ghost-runner",
    ]


def test_a_profile_with_a_name_of_its_own_is_named() -> None:
    service = ServiceReport("web", "/srv", "/srv/my profile.toml")
    assert commands(structs.replace(samples.incident(), service=service))[1] == (
        "ghostfix repair web --config '/srv/my profile.toml'"
    )
    built_in = ServiceReport("web", "/srv", "built-in web")
    assert commands(structs.replace(samples.incident(), service=built_in))[1] == "ghostfix repair web"


def test_an_ill_service_without_a_manager_is_offered_those_at_hand() -> None:
    report = structs.replace(samples.incident(), offers=("systemd", "cron"))
    (offer,) = offers(report)
    assert offer.command == "ghostfix adopt ghost-runner --with systemd"
    assert offer.effect == "gives it to one manager for good (or to cron)"
    assert offers(structs.replace(report, offers=())) == ()
    assert offers(samples.healthy()) == ()


def test_a_plan_is_asked_for_again_in_its_own_words() -> None:
    plan = structs.replace(samples.incident_plan(), asked=("adopt", "--with", "cron"))
    report = structs.replace(samples.planned(), plan=plan)
    assert commands(report)[0] == "ghostfix adopt ghost-runner --with cron"
    assert offers(report) == ()


def test_what_only_a_person_can_repair_is_explained() -> None:
    report = structs.replace(
        samples.incident(), results=(samples.found("disk-full", "full", "why", SUBJECT),)
    )
    assert commands(report) == ["ghostfix explain disk-full"]


def test_what_was_denied_is_asked_again_as_root() -> None:
    assert commands(samples.unreadable()) == ["sudo ghostfix diagnose ghost-runner"]
    report = structs.replace(samples.unreadable(), results=(samples.skipped("x", "timed out", unread=True),))
    assert commands(report) == ["ghostfix diagnose ghost-runner -v"]


def test_after_a_dry_run_comes_the_repair_and_what_was_left_out() -> None:
    assert commands(samples.planned()) == [
        "ghostfix repair ghost-runner",
        "ghostfix repair ghost-runner --evict",
    ]
    assert commands(structs.replace(samples.healthy(), plan=PlanReport(steps=()))) == []


def test_after_a_repair_there_is_a_way_on_and_a_way_back() -> None:
    assert commands(samples.repaired()) == [
        "ghostfix diagnose ghost-runner",
        "ghostfix undo 20261118-110640-ab12",
        "ghostfix adopt ghost-runner --with launchd",
    ]
    assert commands(samples.half_repaired()) == [
        "ghostfix repair ghost-runner",
        "ghostfix repair ghost-runner --evict",
        "ghostfix undo 20261118-110640-ab12",
    ]
    assert (went_well(samples.repaired()), went_well(samples.half_repaired())) == (True, False)


def test_nothing_to_type_when_all_is_well() -> None:
    assert commands(samples.healthy()) == []


def test_prevention_says_each_sentence_once() -> None:
    sentences = prevention(samples.incident())
    assert len(sentences) == len(set(sentences)) > 3
    assert prevention(samples.healthy()) == ()

from ghostfix.diagnosis.checks.memory_pressure import CHECK
from tests.diagnosis.checks.builders import ghost_service, machine, only, process, resources


def test_memory_is_nearly_used_up() -> None:
    large = process(300, "chrome", memory=3 * 1024**3)
    finding = only(CHECK, machine(large, resources_=resources(memory_percent=96.4, swap_percent=80)))
    assert finding.summary == "96.4 % of the memory is in use, above the limit of 90 %"
    assert [seen.text for seen in finding.evidence] == [
        "swap 80.0 % in use",
        "pid 300 holds 3072 MiB: chrome",
    ]


def test_the_incident_s_memory_is_no_pressure() -> None:
    assert CHECK.find(machine(resources_=resources(memory_percent=40.6)), ghost_service()) == ()

from ghostfix.diagnosis.checks.high_load import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.process import ProcessState
from tests.diagnosis.checks.builders import ghost_service, machine, only, process, resources


def test_the_incident_s_load() -> None:
    busy = process(300, "cc1plus", state=ProcessState.RUNNING)
    finding = only(CHECK, machine(busy, resources_=resources(cpu_load=7.02)))
    assert finding.summary == "load 7.02 on 2 processors, 176 % of the limit of 4"
    assert finding.severity is Severity.WARNING
    assert any("cc1plus" in seen.text for seen in finding.evidence)


def test_the_limit_is_for_each_processor() -> None:
    machine_of_eight = machine(resources_=resources(cpu_load=7.02, cpu_count=8))
    assert CHECK.find(machine_of_eight, ghost_service()) == ()
    assert CHECK.find(machine(resources_=resources(cpu_load=4.0)), ghost_service()) == ()

from ghostfix.diagnosis.checks.python_confusion import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.service import EnvironmentWanted
from tests.diagnosis.checks.builders import ghost_service, machine, only


def test_several_pythons_are_context() -> None:
    pythons = {
        "/opt/homebrew/bin/python3": "/opt/homebrew/Cellar/python3.13",
        "/usr/bin/python3": "/usr/bin/python3",
    }
    finding = only(CHECK, machine(pythons=pythons))
    assert finding.severity is Severity.INFO
    assert finding.summary == "2 different Pythons are on the PATH; the first is /opt/homebrew/bin/python3"


def test_two_names_of_one_python() -> None:
    pythons = {"/usr/bin/python": "/usr/bin/python3.12", "/usr/bin/python3": "/usr/bin/python3.12"}
    assert CHECK.find(machine(pythons=pythons), ghost_service()) == ()


def test_a_service_in_node_is_not_confused() -> None:
    service = ghost_service(module=None, command=("node", "x.js"), environment=EnvironmentWanted())
    assert CHECK.applies(service) == "the service does not run in Python"

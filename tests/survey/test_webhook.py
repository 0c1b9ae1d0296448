from ghostfix.model.service import Service, WebhookWanted
from ghostfix.survey.webhook import collect
from tests.fake_system import FakeSystem

URL = "http://localhost:5555/webhook"


def test_sends_the_payload_once() -> None:
    system = FakeSystem()
    system.add_page(URL, method="POST", status=202)
    wanted = WebhookWanted(url=URL, payload={"id": "ghostfix-probe"})
    answer = collect(system, Service(name="g", profile="t", directory="/srv", webhook=wanted)).value
    assert answer is not None
    assert answer.status == 202
    assert [(act.act, act.detail) for act in system.acts] == [("post", '{"id":"ghostfix-probe"}')]


def test_no_webhook_in_the_profile_sends_nothing() -> None:
    system = FakeSystem()
    assert collect(system, Service(name="g", profile="t", directory="/srv")).value is None
    assert system.acts == []

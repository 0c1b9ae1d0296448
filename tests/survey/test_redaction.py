from ghostfix.model.process import ProcessDetail, Variable
from ghostfix.model.service import HealthWanted
from ghostfix.model.snapshot import Expectation, HttpAnswer, LogExcerpt, LoggedError, PidFile, PidFileState
from ghostfix.survey.redaction import redacted


def test_values_of_secrets_go_and_others_stay() -> None:
    environment = (Variable("DB_PASSWORD", "hunter2"), Variable("INVOCATION_ID", "abc"))
    detail = redacted(ProcessDetail(environment=environment, cwd="/srv"))
    assert detail == ProcessDetail(
        environment=(Variable("DB_PASSWORD", "***"), Variable("INVOCATION_ID", "abc")), cwd="/srv"
    )


def test_text_bytes_and_mappings_are_seen_to() -> None:
    error = LoggedError(exception="E", message="token=hunter2", count=1, first_line=1, last_line=1)
    log = redacted(LogExcerpt(path="/x.log", size=1, modified=1.0, read_from=0, errors=(error,)))
    assert log.errors[0].message == "token=***"
    pidfile = redacted(PidFile(path="/x.pid", state=PidFileState.MALFORMED, content=b"\xffsecret=hunter2"))
    assert pidfile.content == b"\xffsecret=***"
    health = redacted(HealthWanted(url="http://a:hunter2@localhost/", expect={"token": "hunter2", "n": 1}))
    assert health == HealthWanted(url="http://a:***@localhost/", expect={"token": "***", "n": 1})
    assert "hunter2" not in redacted(HttpAnswer(url="http://x/", body='{"api_key": "hunter2"}')).body


def test_a_hidden_expectation_is_met_only_if_it_was() -> None:
    met = redacted(Expectation("token", '"hunter2"', '"hunter2"'))
    unmet = redacted(Expectation("token", '"hunter2"', '"hunter3"'))
    assert met.met
    assert not unmet.met
    assert "hunter" not in f"{met}{unmet}"
    assert redacted(Expectation("token", "1", None)).actual is None
    assert redacted(Expectation("status", '"ok"', '"bad"')) == Expectation("status", '"ok"', '"bad"')

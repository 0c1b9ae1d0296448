"""The webhook does not accept a test document.

What it finds
-------------
No answer to the profile's test document, or a status that ``webhook.expect_status`` does not name. The
document is sent only with ``--probe-webhook`` and after a repair: a diagnosis by itself sends nothing.
Not flagged: a webhook to which nothing was sent.

Why it matters
--------------
The sender of the webhook gets errors, and may stop delivering.

How ghostfix repairs it
-----------------------
No answer, or an error of the server's own (500 and above): it starts a clean instance and sends the document
again. A refusal (400 to 499) is a matter of the document or the address: it is only reported.

How to prevent it
-----------------
Let the health document say whether the webhook works.
"""

from ghostfix.diagnosis.applicability import with_webhook
from ghostfix.diagnosis.http_answer import webhook_broken, webhook_fault
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.steps.probe_webhook import ProbeWebhook

CODE = "webhook-failing"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    answer, wanted = snapshot.webhook.value, service.webhook
    if answer is None or wanted is None:
        return ()
    fault = webhook_fault(answer, wanted)
    if fault is None:
        return ()
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR,
            summary=f"{answer.url} does not accept a test document: {fault}",
            cause="The service cannot take deliveries."
            if webhook_broken(answer, wanted)
            else "The service refuses the document: look at webhook.payload and webhook.url in the profile.",
            subject=Subject(SubjectKind.URL, answer.url),
            short="webhook fails",
            evidence=(Evidence(f"answered in {answer.elapsed:.1f} s: {answer.body[:200] or fault}"),),
        ),
    )


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    answer, wanted = snapshot.webhook.value, service.webhook
    if answer is None or wanted is None or not webhook_broken(answer, wanted):
        return ()
    return (*restart(CODE, snapshot, service), ProbeWebhook(reason=CODE, webhook=wanted))


CHECK = Check(
    code=CODE,
    title="Webhook",
    group=Group.HEALTH,
    severity=Severity.ERROR,
    needs=(Source.WEBHOOK,),
    find=find,
    repair=repair,
    applies=with_webhook,
    leads_to=(),
    page=__doc__,
)

"""The service was started again while it was watched.

What it finds
-------------
With ``--observe``: an instance that ended and one that was started in these seconds. One of the two alone
is a warning. Not flagged: processes below an instance that come and go, such as workers, and what an
instance leaves behind when it ends.

Why it matters
--------------
Between two starts it serves no client, however well it looks at any one moment. One survey cannot see that.

How ghostfix repairs it
-----------------------
By the other findings: what restarts it and is not meant to is held, and what ends it is mended. It names
what started each instance.

How to prevent it
-----------------
Mend what ends it, and give the manager a back-off and a limit (``StartLimitBurst``, ``startretries``).
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.diagnosis.respawn_text import starter, tally
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.text_units import listed

CODE = "flapping"
_MOST_STARTERS = 3


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    observation = snapshot.observation.value
    if observation is None or observation.held:
        return ()
    starters = tuple(dict.fromkeys(starter(respawn, snapshot.jobs) for respawn in observation.respawns))
    again = bool(observation.respawns and observation.ended)
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR if again else Severity.WARNING,
            summary=f"{service.name} does not stay up: {tally(observation)}"
            if again
            else f"{service.name} is not left alone: {tally(observation)}",
            cause=f"Started by {listed(starters[:_MOST_STARTERS])}."
            if starters
            else "It ended by itself, or somebody ended it.",
            subject=Subject(SubjectKind.SERVICE, service.name),
            short=f"{len(observation.respawns)} starts in {observation.seconds:.0f} s"
            if again
            else "not left alone",
            evidence=bounded(
                (
                    *(Evidence(f"pid {ended.pid} ended") for ended in observation.ended),
                    *(
                        Evidence(
                            f"pid {respawn.process.pid} was started by {starter(respawn, snapshot.jobs)}"
                        )
                        for respawn in observation.respawns
                    ),
                )
            ),
        ),
    )


CHECK = Check(
    code=CODE,
    title="Flapping",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.OBSERVATION,),
    find=find,
    repair=no_steps,
    applies=always,
    leads_to=("not-running", "health-unreachable"),
    page=__doc__,
)

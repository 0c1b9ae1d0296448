"""Plan: what to do about the findings, in an order that holds (pure)."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, structs

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.diagnosis import Diagnosis
from ghostfix.model.finding import Check, CheckResult
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Phase, Step
from ghostfix.service.instance import instances
from ghostfix.steps.probe_webhook import ProbeWebhook


class Withheld(Struct, frozen=True):
    """A step that would help, and that is not done unless it is asked for by ``option``."""

    step: Step
    option: str


class Plan(Struct, frozen=True):
    """The steps in the order in which they will be done, each once."""

    steps: tuple[Step, ...]
    withheld: tuple[Withheld, ...] = ()
    asked: tuple[str, ...] = ("repair",)
    """The command that asks for it, and its options."""


class Choices(Struct, frozen=True, kw_only=True):
    """What the user allows a repair to do."""

    start: bool = True
    evict: bool = False

    @property
    def options(self) -> frozenset[str]:
        """Those given of the options that a step may name as its ``on_request``."""
        return frozenset({"--evict"} if self.evict else ())


def as_asked(
    plan: Plan, service: Service, config: str | None, given: Mapping[str, str | bool | None]
) -> Plan:
    """The plan, with the options that were given, so that a report says how to ask for it again."""
    words: list[str] = []
    for option, value in given.items():
        if value:
            words += [option] if value is True else [option, str(value)]
    if config is not None:
        words += ["--config", service.profile]
    return structs.replace(plan, asked=(*plan.asked, *words))


def plan(diagnosis: Diagnosis, choices: Choices) -> Plan:
    """What a repair would do; the very plan that it executes."""
    return make_plan(diagnosis.results, CHECKS, diagnosis.snapshot, diagnosis.service, choices)


def make_plan(
    results: Sequence[CheckResult],
    checks: Iterable[Check],
    snapshot: Snapshot,
    service: Service,
    choices: Choices,
) -> Plan:
    """Every finding's own steps, sorted by phase (stable), without repetitions."""
    repair = {check.code: check.repair for check in checks}
    wanted = [
        step
        for result in results
        for finding in result.findings
        for step in repair[finding.code](finding, snapshot, service)
    ]
    user = runs_as(snapshot, service)
    wanted = [step.run_as(user) for step in wanted] if user else wanted
    steps: list[Step] = []
    withheld: list[Withheld] = []
    for step in each_once(wanted):
        option = _needs(step, choices)
        if option is None:
            steps.append(step)
        else:
            withheld.append(Withheld(step, option))
    evicting = next((each.option for each in withheld if each.step.on_request is not None), None)
    if evicting is not None and not instances(snapshot, service):
        # While a stranger keeps what the service needs, it would end as soon as it starts.
        withheld += [Withheld(step, evicting) for step in steps if step.phase is Phase.START]
        steps = [step for step in steps if step.phase is not Phase.START]
    if service.webhook is not None and any(step.phase is Phase.START for step in steps):
        steps.append(ProbeWebhook(reason="webhook-failing", webhook=service.webhook))
    return Plan(tuple(sorted(steps, key=lambda step: step.phase)), tuple(withheld))


def runs_as(snapshot: Snapshot, service: Service) -> str:
    """As whom root starts and equips the service; empty for root's own self, and when the caller is not root.

    It is the owner of the service's directory. In one of root's own it is the user as whom every instance
    runs by now, or who wrote its PID files and logs when none runs, where they agree: a program that root
    installed may be meant for another user.
    """
    if snapshot.host.uid != 0:
        return ""
    if snapshot.runner is not None:
        return snapshot.runner
    users = {(each.root.uid, each.root.user) for each in instances(snapshot, service)}
    if not users:
        return snapshot.former_user or ""
    if len(users) != 1:
        return ""
    ((uid, name),) = users
    return "" if uid == 0 else name


def each_once(steps: Iterable[Step]) -> list[Step]:
    """Without repetitions: the same act asked for by two findings is done once, for the first."""
    acts: list[Step] = []
    unique: list[Step] = []
    for step in steps:
        act = structs.replace(step, reason="")
        if act not in acts:
            acts.append(act)
            unique.append(step)
    return unique


def _needs(step: Step, choices: Choices) -> str | None:
    """The option without which this step is not done, when it was not given."""
    if step.on_request is not None and step.on_request not in choices.options:
        return step.on_request
    if step.phase is Phase.START and not choices.start:
        return "without --no-start"
    return None

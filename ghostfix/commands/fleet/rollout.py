"""Rollout: all hosts surveyed at once, and then what is to be done, rolling through those that need it.

The survey comes first also when its report is not shown: so a host that is down is no failure of the
repair, and batches are made of ill hosts only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from ghostfix.commands.fleet.host import acted_host, lost_host, seen_host, spared_host, unseen_host
from ghostfix.model.errors import ExitCode, ProfileError, worst
from ghostfix.model.fleet import FleetHost, HostState, Verb
from ghostfix.model.fleet_play import AnswerKind, HostAnswer, Play, PlayEnd, Reach, Task
from ghostfix.model.safe_text import safe

_ENDS_OF_ANSIBLE = frozenset({0, 2, 4, 6})
"""How ``ansible-playbook`` ends after hosts that failed (2) or went out of reach (4); otherwise it failed."""
_UNWRITABLE = "its name in the inventory cannot be written as it is, so that nothing is done there"
Perform = Callable[[Play, Callable[[HostAnswer], None]], PlayEnd]
Progress = Callable[[FleetHost, int], None]
"""Gets each host as it answers, and how many have answered by then."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be done, where, and how carefully."""

    verb: Verb
    task: Task
    reach: Reach
    serial: str = "1"
    max_fail_percentage: float | None = None


@dataclass
class _Answers:
    """The hosts that began, and what is known of those that answered."""

    read: Callable[[HostAnswer], FleetHost]
    progress: Progress
    began: list[str] = field(default_factory=list)
    hosts: dict[str, FleetHost] = field(default_factory=dict)

    def receive(self, answer: HostAnswer) -> None:
        if answer.kind is AnswerKind.STARTED:
            self.began.append(answer.host)
            return
        self.hosts[answer.host] = host = self.read(answer)
        self.progress(host, len(self.hosts))


def survey_hosts(order: Order, perform: Perform, progress: Progress) -> tuple[FleetHost, ...]:
    """What is known of every host, in the order of its answer; changes nothing.

    Raises ProfileError when the inventory has no such host, or Ansible failed and may have left hosts out;
    KeyboardInterrupt when the user interrupts.
    """
    play = Play(verb=order.verb, task=order.task, reach=order.reach, check_mode=True)
    answers = _Answers(seen_host, progress)
    end = perform(play, answers.receive)
    if end.interrupted:
        raise KeyboardInterrupt
    silent = [name for name in answers.began if name not in answers.hosts]
    if not answers.hosts or (end.status not in _ENDS_OF_ANSIBLE and not silent):
        raise _nothing(order.reach, end)
    for name in silent:
        answers.hosts[name] = unseen_host(name, "Ansible ended while this host was looked at")
    return tuple(
        host if host.name == name or not host.changed else spared_host(host, _UNWRITABLE)
        for name, host in answers.hosts.items()
    )


def in_need(hosts: Sequence[FleetHost]) -> tuple[FleetHost, ...]:
    """The hosts on which something is to be done."""
    return tuple(host for host in hosts if host.changed and host.state is HostState.SEEN)


def roll(
    order: Order, seen: Sequence[FleetHost], perform: Perform, progress: Progress
) -> tuple[tuple[FleetHost, ...], bool]:
    """Acts on the hosts in need, batch by batch; gives all hosts, and whether the user interrupted it."""
    needy = {host.name: host for host in in_need(seen)}
    play = Play(
        verb=order.verb,
        task=order.task,
        reach=order.reach,
        check_mode=False,
        hosts=tuple(needy),
        runs={name: host.run for name, host in needy.items() if order.verb is Verb.UNDO and host.run},
        serial=order.serial,
        max_fail_percentage=order.max_fail_percentage,
    )
    answers = _Answers(lambda answer: acted_host(answer, needy[answer.host]), progress)
    # A host that was not asked may answer all the same.
    end = perform(play, lambda answer: answers.receive(answer) if answer.host in needy else None)
    heard = bool(answers.began or answers.hosts)
    for name, host in needy.items():
        if name not in answers.hosts:
            answers.hosts[name] = _without_answer(host, name in answers.began, heard, end)
    return tuple(answers.hosts.get(host.name, host) for host in seen), end.interrupted


def exit_code(hosts: Sequence[FleetHost], interrupted: bool) -> ExitCode:
    """The worst of all hosts; one that could not be reached hides none that is ill."""
    return ExitCode.INTERRUPTED if interrupted else worst(host.exit_code for host in hosts)


def _without_answer(host: FleetHost, began: bool, heard: bool, end: PlayEnd) -> FleetHost:
    """``heard``: something was heard of any host."""
    if began:
        why = "you interrupted the fleet" if end.interrupted else "Ansible ended"
        return lost_host(host, f"{why} while this host was at work; its journal knows how far it came")
    if end.interrupted:
        return spared_host(host, "interrupted before its turn")
    if end.status == 0 or (end.status in _ENDS_OF_ANSIBLE and not heard):
        # It went through all hosts, or through some, and could not hand on what they answered.
        return lost_host(host, "Ansible said nothing of this host; its journal knows whether it was at work")
    if end.status in _ENDS_OF_ANSIBLE:
        return spared_host(host, "too much had failed before its turn")
    return spared_host(
        host, f"Ansible ended before its turn: {_complaint(end) or f'exit status {end.status}'}"
    )


def _complaint(end: PlayEnd) -> str:
    """The last errors of Ansible itself, in one line; the last that it said where none is called so."""
    errors = [text for text in end.complaints if "error:" in text.lower() or "[error]" in text.lower()]
    return "; ".join(safe(" ".join(text.split()), 300) for text in (errors or end.complaints)[-3:])


def _nothing(reach: Reach, end: PlayEnd) -> ProfileError:
    """Why not one host answered."""
    complaint = _complaint(end)
    where = ", ".join(safe(inventory, 120) for inventory in reach.inventory)
    what = f"no host of {where}" + (
        f" matches --limit {safe(reach.limit, 120)}" if reach.limit else " answered"
    )
    if end.status and complaint:
        what = f"Ansible could not look at {where}"
    return ProfileError(
        f"{what}: {complaint}" if complaint else what,
        "`ansible-inventory --graph -i INVENTORY` shows which hosts there are",
    )

import msgspec
import pytest

from ghostfix.commands.fleet.rollout import Order, Perform, exit_code, in_need, roll, survey_hosts
from ghostfix.model.errors import ProfileError
from ghostfix.model.fleet import FleetHost, HostState, Verb
from ghostfix.model.fleet_play import AnswerKind, HostAnswer, ModuleResult, Play, PlayEnd, Reach, Task
from tests.commands.fleet.samples import HEALTHY, INCIDENT, seen, unknown

ORDER = Order(verb=Verb.REPAIR, task=Task(), reach=Reach(inventory=("hosts.ini",), limit="web*"), serial="2")
TEXT = msgspec.json.encode(HEALTHY).decode()
SEEN = (
    seen("web1", INCIDENT, changed=True),
    seen("web2", HEALTHY),
    seen("web3", INCIDENT, changed=True),
    seen("web4", INCIDENT, changed=True),
    unknown("web5", HostState.UNREACHABLE, "No route to host"),
)


def silent(host: FleetHost, answered: int) -> None:
    pass


def ansible(
    *answers: HostAnswer, status: int = 0, interrupted: bool = False, complaints: tuple[str, ...] = ()
) -> tuple[Perform, list[Play]]:
    """An Ansible that gives these answers, and what it was asked."""
    plays: list[Play] = []

    def perform(play: Play, report_answer: object) -> PlayEnd:
        plays.append(play)
        assert callable(report_answer)
        for answer in answers:
            report_answer(answer)
        return PlayEnd(status=status, interrupted=interrupted, complaints=complaints)

    return perform, plays


def said(host: str, kind: AnswerKind = AnswerKind.OK, **result: object) -> HostAnswer:
    return HostAnswer(host=host, kind=kind, result=msgspec.convert(result, ModuleResult))


def test_a_roll_is_about_the_ill_only_and_gives_all() -> None:
    perform, plays = ansible(*(said(name, text=TEXT, changed=True) for name in ("web4", "web1", "web3")))
    reported: list[tuple[str, int]] = []
    hosts, interrupted = roll(ORDER, SEEN, perform, lambda host, number: reported.append((host.name, number)))
    assert [host.name for host in in_need(SEEN)] == ["web1", "web3", "web4"]
    assert (plays[0].hosts, plays[0].serial, plays[0].check_mode) == (("web1", "web3", "web4"), "2", False)
    assert [(host.name, host.state) for host in hosts] == [
        ("web1", HostState.DONE),
        ("web2", HostState.SEEN),
        ("web3", HostState.DONE),
        ("web4", HostState.DONE),
        ("web5", HostState.UNREACHABLE),
    ]
    assert reported == [("web4", 1), ("web1", 2), ("web3", 3)]
    assert not interrupted
    assert exit_code(hosts, interrupted) == 3  # nobody is ill, and one is not known


@pytest.mark.parametrize("interrupted", [False, True])
def test_who_did_not_answer_is_lost_or_was_spared(interrupted: bool) -> None:
    perform, _ = ansible(
        said("web1", AnswerKind.STARTED),
        said("web1", text=TEXT, changed=True),
        said("web3", AnswerKind.STARTED),
        interrupted=interrupted,
        status=254 if interrupted else 2,
    )
    hosts, ended = roll(ORDER, SEEN, perform, silent)
    states = {host.name: host.state for host in hosts}
    assert (states["web1"], states["web3"], states["web4"]) == (
        HostState.DONE,
        HostState.LOST,
        HostState.SPARED,
    )
    assert exit_code(hosts, ended) == (130 if interrupted else 4)


def test_hosts_that_are_down_never_hide_those_that_are_ill() -> None:
    assert exit_code(SEEN, interrupted=False) == 1


def test_an_inventory_without_such_a_host_says_so() -> None:
    perform, _ = ansible(status=1, complaints=("[ERROR]: no hosts matched",))
    with pytest.raises(ProfileError, match=r"could not look at hosts\.ini: \[ERROR\]: no hosts matched"):
        survey_hosts(ORDER, perform, silent)
    perform, _ = ansible()
    with pytest.raises(ProfileError, match=r"no host of hosts\.ini matches --limit web\*"):
        survey_hosts(ORDER, perform, silent)


def test_an_error_is_told_before_what_only_follows_it() -> None:
    complaints = ("ansible-playbook: error: unrecognized arguments: --nonsense", "--list-hosts", "-v", "-e")
    perform, _ = ansible(status=2, complaints=complaints)
    with pytest.raises(ProfileError, match=r"unrecognized arguments: --nonsense$"):
        survey_hosts(ORDER, perform, silent)


def test_an_interrupted_look_is_none() -> None:
    perform, _ = ansible(said("web1", text=TEXT), interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        survey_hosts(ORDER, perform, silent)


def test_an_undo_takes_back_the_runs_that_were_seen() -> None:
    """Between the look and the user's yes somebody else may have repaired."""
    perform, plays = ansible()
    undo = msgspec.structs.replace(ORDER, verb=Verb.UNDO)
    hosts = [msgspec.structs.replace(host, run=f"run-of-{host.name}") for host in SEEN[:3]]
    roll(undo, hosts, perform, silent)
    assert plays[0].runs == {"web1": "run-of-web1", "web3": "run-of-web3"}
    roll(ORDER, hosts, perform, silent)
    assert plays[1].runs == {}


@pytest.mark.parametrize("status", [0, 2, 4])
def test_an_ansible_of_which_nothing_was_heard_may_have_been_at_work(status: int) -> None:
    """What it hands on goes through files, and the controller's disk may be full."""
    perform, _ = ansible(status=status)
    hosts, _ = roll(ORDER, SEEN, perform, silent)
    assert [host.state for host in hosts if host.changed] == [HostState.LOST] * 3
    assert exit_code(hosts, interrupted=False) == 4


def test_hosts_of_an_ansible_that_failed_itself_hear_so() -> None:
    perform, _ = ansible(status=1, complaints=("[ERROR]: the vault is locked",))
    hosts, _ = roll(ORDER, SEEN, perform, silent)
    assert (hosts[0].state, hosts[0].exit_code) == (HostState.SPARED, 4)
    assert hosts[0].reason == "Ansible ended before its turn: [ERROR]: the vault is locked"
    perform, _ = ansible(said("web1", AnswerKind.FAILED), status=2)
    assert roll(ORDER, SEEN, perform, silent)[0][2].reason == "too much had failed before its turn"


def test_an_answer_of_a_host_that_was_not_asked_is_not_heard() -> None:
    perform, _ = ansible(said("web2", text=TEXT), said("elsewhere", text=TEXT))
    hosts, _ = roll(ORDER, SEEN, perform, silent)
    assert [(host.name, host.state) for host in hosts][1] == ("web2", HostState.SEEN)
    assert len(hosts) == len(SEEN)


def test_a_look_that_ended_early_leaves_no_host_out() -> None:
    begun = (said("web1", text=TEXT), said("web2", AnswerKind.STARTED))
    perform, _ = ansible(*begun, status=-1)
    hosts = survey_hosts(ORDER, perform, silent)
    assert [(host.name, host.state) for host in hosts] == [
        ("web1", HostState.SEEN),
        ("web2", HostState.FAILED),
    ]
    assert exit_code(hosts, interrupted=False) == 3
    perform, _ = ansible(said("web1", text=TEXT), status=-1)
    with pytest.raises(ProfileError):
        survey_hosts(ORDER, perform, silent)


@pytest.mark.parametrize("name", ["web\x1b[2J", "db-password=hunter2", "w" * 300])
def test_a_host_whose_name_cannot_be_written_is_left_alone(name: str) -> None:
    """The list of the hosts to repair has names as they are shown: it would be about another one."""
    perform, _ = ansible(said(name, text=msgspec.json.encode(INCIDENT).decode(), changed=True))
    (host,) = survey_hosts(ORDER, perform, silent)
    assert (host.state, in_need([host])) == (HostState.SPARED, ())
    assert "cannot be written as it is" in str(host.reason)

"""The second part: two repairs, and two undos, at one instant on what both edit."""

from dataclasses import dataclass

from ghostfix.repair.journal_records import EntryState
from tests.campaign.player import Request
from tests.campaign.stage import ONE, UNDO, Crontab, Player, Programs, service
from tests.campaign.tally import Tally, said, stories
from tests.campaign.world import World


@dataclass(frozen=True)
class Pair:
    """Two players, a service each, and the file that has a line of both."""

    title: str
    players: tuple[Player, Player]
    file: Crontab | Programs


def pairs(world: World, user: tuple[Player, Player], root: tuple[Player, Player]) -> list[Pair]:
    """One user twice, root and that user, and root twice on a system-wide file."""
    own = (service(world, ONE, "left"), service(world, ONE, "right"))
    roots = (service(world, "root", "left"), service(world, "root", "right"))
    programs = Programs(world.home(ONE) / "d.conf", own).begin(world, ONE)
    return [
        Pair("two of one user on their crontab", user, Crontab(ONE, own)),
        Pair("root and a user on the user's crontab", (root[0], user[1]), Crontab(ONE, (roots[0], own[1]))),
        Pair("root twice on a system-wide crontab", root, Crontab(None, roots)),
        Pair("two of one user on a supervisord.conf", user, programs),
    ]


def play_both(pair: Pair, count: int) -> Tally:
    """Both at once, so many times; whoever says that it is done must not have been undone by the other."""
    tally = Tally(pair.title)
    for _ in range(count):
        _round(pair, tally)
    return tally


def _round(pair: Pair, tally: Tally) -> None:
    file, before = pair.file, pair.file.content
    for player in pair.players:
        player.forget()
    file.install()
    _at_once(pair, (file.repair(0), file.repair(1)), tally)
    tally.compare(file.original(), before, f"{pair.title}: two repairs")
    for number, claims in enumerate(_claims(pair, EntryState.DONE)):
        if claims and not file.holds(number):
            tally.lie(f"{pair.title}: said to be held: {number}")
        tally.refused += not claims
    runs = _runs(pair, tally)
    _at_once(pair, ((*UNDO, runs[0]), (*UNDO, runs[1])), tally)
    tally.compare(file.original(), before, f"{pair.title}: two undos")
    for number, claims in enumerate(_claims(pair, EntryState.UNDONE)):
        if claims and file.holds(number):
            tally.lie(f"{pair.title}: said to be released: {number}")
        tally.not_undone += not claims and file.holds(number)
    tally.left += len(file.temporary_files())


def _at_once(pair: Pair, both: tuple[tuple[str, ...], tuple[str, ...]], tally: Tally) -> None:
    for player, folder, words in zip(pair.players, pair.file.folders, both, strict=True):
        player.begin(Request(words=words, folder=str(folder)))
    for player, words in zip(pair.players, both, strict=True):
        answer = player.answer()
        tally.plays += 1
        if answer.status != 0:
            tally.notes.append(f"{pair.title}: {words[0]} answered {answer.status}: {answer.output}")


def _runs(pair: Pair, tally: Tally) -> list[str]:
    """The run of each player's own service."""
    found = []
    for player, folder in zip(pair.players, pair.file.folders, strict=True):
        mine = [one.run for one in stories(player.state) if one.directory == str(folder)]
        assert mine, tally.notes[-2:]
        found += mine
    return found


def _claims(pair: Pair, state: EntryState) -> list[bool]:
    """What each player's journal says of its own service."""
    found = []
    for player, folder in zip(pair.players, pair.file.folders, strict=True):
        mine = [one for one in stories(player.state) if one.directory == str(folder)]
        found.append(said(mine, pair.file.kind, state))
    return found

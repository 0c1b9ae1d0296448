"""The second part: two repairs, and two undos, at one instant on what both edit."""

from dataclasses import dataclass

from ghostfix.parsers.crontab import held
from ghostfix.runs.story import EntryState
from tests.campaign.player import Request
from tests.campaign.stage import ONE, REPAIR, UNDO, Crontab, Player, service
from tests.campaign.tally import Tally, content_of, said, stories
from tests.campaign.world import World

_HOLD = "hold-cron-line"


@dataclass(frozen=True)
class Pair:
    """Two players, a service each, and the crontab that has a line of both."""

    title: str
    players: tuple[Player, Player]
    crontab: Crontab


def pairs(world: World, user: tuple[Player, Player], root: tuple[Player, Player]) -> list[Pair]:
    """One user twice, root and that user, and root twice on a system-wide file."""
    own = (service(world, ONE, "left"), service(world, ONE, "right"))
    roots = (service(world, "root", "left"), service(world, "root", "right"))
    return [
        Pair("two of one user on their crontab", user, Crontab(ONE, own)),
        Pair("root and a user on the user's crontab", (root[0], user[1]), Crontab(ONE, (roots[0], own[1]))),
        Pair("root twice on a system-wide crontab", root, Crontab(None, roots)),
    ]


def play_both(pair: Pair, count: int) -> Tally:
    """Both at once, so many times; whoever says that it is done must not have been undone by the other."""
    tally = Tally(pair.title)
    for _ in range(count):
        _round(pair, tally)
    return tally


def _round(pair: Pair, tally: Tally) -> None:
    crontab, path, before = pair.crontab, pair.crontab.path, pair.crontab.content
    for player in pair.players:
        player.forget()
    crontab.install()
    _at_once(pair, (REPAIR, REPAIR), tally)
    now = content_of(path)
    tally.compare(now, before, f"{pair.title}: two repairs")
    for claims, line in zip(_claims(pair, EntryState.DONE), crontab.lines, strict=True):
        if claims and held(line) not in now:
            tally.lie(f"{pair.title}: said to be held: {line!r}")
        tally.refused += not claims
    runs = _runs(pair, tally)
    _at_once(pair, ((*UNDO, runs[0]), (*UNDO, runs[1])), tally)
    now = content_of(path)
    tally.compare(now, before, f"{pair.title}: two undos")
    for claims, line in zip(_claims(pair, EntryState.UNDONE), crontab.lines, strict=True):
        if claims and held(line) in now:
            tally.lie(f"{pair.title}: said to be released: {line!r}")
        tally.not_undone += not claims and held(line) in now
    tally.left += len(crontab.temporary_files())


def _at_once(pair: Pair, both: tuple[tuple[str, ...], tuple[str, ...]], tally: Tally) -> None:
    for player, folder, words in zip(pair.players, pair.crontab.folders, both, strict=True):
        player.begin(Request(words=words, folder=str(folder)))
    for player, words in zip(pair.players, both, strict=True):
        answer = player.answer()
        tally.plays += 1
        if answer.status != 0:
            tally.notes.append(f"{pair.title}: {words[0]} answered {answer.status}: {answer.output}")


def _runs(pair: Pair, tally: Tally) -> list[str]:
    """The run of each player's own service."""
    found = []
    for player, folder in zip(pair.players, pair.crontab.folders, strict=True):
        mine = [one.run for one in stories(player.state) if one.directory == str(folder)]
        assert mine, tally.notes[-2:]
        found += mine
    return found


def _claims(pair: Pair, state: EntryState) -> list[bool]:
    """What each player's journal says of its own service."""
    found = []
    for player, folder in zip(pair.players, pair.crontab.folders, strict=True):
        mine = [one for one in stories(player.state) if one.directory == str(folder)]
        found.append(said(mine, _HOLD, state))
    return found

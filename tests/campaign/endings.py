"""The first part: ghostfix is ended at so many instants, and undo comes at once."""

import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from ghostfix.repair.journal_records import EntryState
from tests.campaign.crontabs import Crontab
from tests.campaign.player import UNDISTURBED, Answer, Ending, Request
from tests.campaign.stage import ONE, REPAIR, UNDO, Player, profile, service
from tests.campaign.tally import Tally, content_of, is_adopted, said, stories
from tests.campaign.world import World

SIGNALS = (signal.SIGKILL, signal.SIGHUP, signal.SIGINT)
_SMALL, _LARGE = 10, 2000
"""Comment lines: a kilobyte, and a quarter of a million bytes, which a pipe would not take at once."""
_BUSY = 0.5
"""Which part of the aimed endings falls while the crontab program runs."""
_PATIENCE = 4
"""So many plays for each one that is to be signalled."""


@dataclass(frozen=True)
class Act:
    """What is ended: it, or the undo of it."""

    player: Player
    crontab: Crontab
    words: tuple[str, ...]
    kind: str
    """The step that it is about."""
    undoes: bool
    name: str

    def prepare(self) -> None:
        """The crontab and the profile as they are before; of an undo, after what it undoes."""
        folder = self.crontab.folders[0]
        (folder / "ghostfix.toml").write_text(profile(folder.name))
        self.player.forget()
        self.crontab.install()
        if self.undoes:
            self.player.play(self._request(self.words))

    def play(self, ending: Ending = UNDISTURBED) -> Answer:
        return self.player.play(self._request(UNDO if self.undoes else self.words, ending))

    def undo(self) -> Answer:
        return self.player.play(self._request(UNDO))

    def is_done(self) -> bool:
        """Whether the crontab shows what the step does."""
        if self.kind == "adopt-cron-line":
            return any(map(is_adopted, content_of(self.crontab.path).splitlines(keepends=True)))
        return self.crontab.holds(0)

    def _request(self, words: tuple[str, ...], ending: Ending = UNDISTURBED) -> Request:
        return Request(words=words, folder=str(self.crontab.folders[0]), ending=ending)


def acts(world: World, user: Player, root: Player) -> list[Act]:
    """A user's own repair, root's of a line in that user's crontab, an adoption; and the undo of each."""
    own, roots = service(world, ONE, "web"), service(world, "root", "shop")
    found = []
    for filler in (_LARGE, _SMALL):
        for undoes in (False, True):
            what = "undo of " if undoes else ""
            tab, theirs = Crontab(ONE, (own,), filler), Crontab(ONE, (roots,), filler)
            adopt = ("adopt", "web", "--with", "cron", "--yes", "--hold-for", "0s", "--quiet")
            found += [
                Act(user, tab, REPAIR, "hold-cron-line", undoes, f"{what}a repair"),
                Act(root, theirs, REPAIR, "hold-cron-line", undoes, f"{what}root's repair"),
                Act(user, tab, adopt, "adopt-cron-line", undoes, f"{what}an adoption"),
            ]
    return found


def end_at_random(found: list[Act], count: int, chance: random.Random) -> Tally:
    """At any moment, most of them in the half in which it acts; until so many came before its end."""
    tally = Tally("ended at a random moment")
    lengths = [_undisturbed(act).seconds for act in found[:count]]
    for number in _until(tally, count):
        at = number % len(lengths)
        act, moment = found[at], lengths[at] * chance.uniform(0.2, 1.0)
        _end(tally, act, Ending(signal=chance.choice(SIGNALS), seconds=moment))
    return tally


def end_at_calls(found: list[Act], count: int, chance: random.Random) -> Tally:
    """At any call of the acting half; every other one while crontab is running. So many that were reached."""
    tally = Tally("ended at a chosen call")
    seen = [_undisturbed(act, counted=True) for act in found[:count]]
    for number in _until(tally, count):
        act, answer = found[number % len(seen)], seen[number % len(seen)]
        command, calls = 0, answer.events
        if chance.random() < _BUSY:
            command = chance.randint(1, len(answer.windows))
            calls = answer.windows[command - 1]
        number, event = chance.choice(SIGNALS), chance.randint(1, calls)
        _end(tally, act, Ending(signal=number, event=event, command=command))
    return tally


def _until(tally: Tally, count: int) -> Iterator[int]:
    """Counts plays until so many of them were signalled before they were over."""
    for number in range(_PATIENCE * count):
        if tally.signalled == count:
            return
        yield number
    assert tally.signalled == count, f"{tally}: too few were signalled while they acted to prove anything"


def _undisturbed(act: Act, counted: bool = False) -> Answer:
    act.prepare()
    answer = act.play(Ending(counted=counted))
    assert act.is_done() is not act.undoes, (act.name, answer.output)
    assert bool(answer.events and answer.windows) is counted, f"{act.name}: its calls were not counted"
    return answer


def _end(tally: Tally, act: Act, ending: Ending) -> None:
    act.prepare()
    before, path = act.crontab.content, act.crontab.path
    where = f"{act.name} of {len(before)} bytes, {ending}"
    ended = act.play(ending)
    tally.plays += 1
    tally.signalled += ended.signalled
    tally.ended += ended.status in (-ending.signal, 130)
    act.crontab.settle()
    tally.compare(act.crontab.original(), before, where)
    journals = stories(act.player.state)
    if said(journals, act.kind, EntryState.DONE) and not act.is_done():
        tally.lie(f"{where}: said to be done")
    if said(journals, act.kind, EntryState.UNDONE) and act.is_done():
        tally.lie(f"{where}: said to be undone")
    undone = act.undo()
    now = content_of(path)
    tally.compare(act.crontab.original(), before, f"{where}, then undo")
    if now != before and undone.status == 0:
        tally.lie(f"{where}: undo said {undone.output!r}")
    elif now != before or undone.status != 0:
        tally.not_undone += 1
        tally.notes.append(f"{where}: undo answered {undone.status}: {undone.output}")
    left = act.crontab.temporary_files()
    tally.left += len(left)
    for temporary in left:
        tally.notes.append(f"{where}: {temporary.name}")
        temporary.unlink()

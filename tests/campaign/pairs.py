"""The second part: two repairs, and two undos, at one instant on what both edit."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ghostfix.repair.journal_records import EntryState
from tests.campaign.apps import Apps
from tests.campaign.crontabs import Crontab
from tests.campaign.player import Request
from tests.campaign.programs import Programs
from tests.campaign.stage import ONE, UNDO, Player, service
from tests.campaign.tally import Tally, said, stories
from tests.campaign.units import Units
from tests.campaign.world import World


class SharedObject(Protocol):
    """What several services have their own part of: a file or a folder, and the manager that reads it."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Of the services, two at least."""
        ...

    @property
    def kind(self) -> str:
        """The step that holds one of them."""
        ...

    @property
    def content(self) -> bytes:
        """What it holds before anything is done."""
        ...

    def install(self) -> None:
        """Makes it so, or waits until it is."""
        ...

    def repair(self, number: int) -> tuple[str, ...]:
        """The words by which a player holds this service."""
        ...

    def holds(self, number: int) -> bool:
        """Whether the service neither runs nor would be started."""
        ...

    def is_free(self, number: int) -> bool:
        """Whether all of it is as it was."""
        ...

    def original(self) -> bytes:
        """What it would hold if nothing were held, and nothing adopted."""
        ...

    def temporary_files(self) -> list[Path]: ...


_PATIENCE = 10.0
"""Seconds that a manager has to start or end a process."""


@dataclass(frozen=True)
class Pair:
    """Two players, a service each, and what has a part of both."""

    title: str
    players: tuple[Player, Player]
    shared: SharedObject


def crontab_pairs(world: World, user: Sequence[Player], root: Sequence[Player]) -> list[Pair]:
    """One user twice, root and that user, and root twice on a system-wide shared."""
    own, roots = _services(world, ONE, "tab"), _services(world, "root", "tab")
    return [
        Pair("two of one user on their crontab", (user[0], user[1]), Crontab(ONE, own)),
        Pair("root and a user on the user's crontab", (root[0], user[1]), Crontab(ONE, (roots[0], own[1]))),
        Pair("root twice on a system-wide crontab", (root[0], root[1]), Crontab(None, roots)),
    ]


def program_pairs(world: World, user: Sequence[Player], root: Sequence[Player]) -> list[Pair]:
    """One user twice, and root and that user, on the configuration of the user's supervisord."""
    programs = Programs(world.home(ONE) / "d.conf", _services(world, ONE, "program")).begin(world, ONE)
    return _of_a_user("supervisord.conf", programs, user, root)


def app_pairs(world: World, user: Sequence[Player], root: Sequence[Player]) -> list[Pair]:
    """One user twice, and root and that user, on the home of the user's pm2."""
    apps = Apps(world.home(ONE) / ".pm2", _services(world, ONE, "app")).begin(world, ONE)
    return _of_a_user("pm2 home", apps, user, root)


def unit_pairs(world: World, user: Sequence[Player], root: Sequence[Player]) -> list[Pair]:
    """Root twice on the machine's units; root and a user, and that user twice, on the user's own."""
    system = Units(Path("/etc/systemd/system"), _services(world, "root", "unit")).begin(world)
    home = world.home(ONE) / ".config" / "systemd" / "user"
    own = Units(home, _services(world, ONE, "unit"), ONE).begin(world)
    return [
        Pair("root twice on the machine's unit folder", (root[0], root[1]), system),
        *_of_a_user("unit folder", own, user, root),
    ]


def _of_a_user(what: str, shared: SharedObject, user: Sequence[Player], root: Sequence[Player]) -> list[Pair]:
    return [
        Pair(f"two of one user on their {what}", (user[0], user[1]), shared),
        Pair(f"root and a user on the user's {what}", (root[0], user[1]), shared),
    ]


def _services(world: World, user: str, name: str) -> tuple[Path, ...]:
    return tuple(service(world, user, f"{name}-{side}") for side in ("left", "right"))


def play_both(pair: Pair, count: int) -> Tally:
    """Both at once, so many times; whoever says that it is done must not have been undone by the other."""
    tally = Tally(pair.title)
    for _ in range(count):
        _round(pair, tally)
    return tally


def _round(pair: Pair, tally: Tally) -> None:
    shared, before = pair.shared, pair.shared.content
    for player in pair.players:
        player.forget()
    shared.install()
    _at_once(pair, (shared.repair(0), shared.repair(1)), tally)
    tally.compare(shared.original(), before, f"{pair.title}: two repairs")
    for number, claims in enumerate(_claims(pair, EntryState.DONE)):
        if claims and not _soon(shared.holds, number):
            tally.lie(f"{pair.title}: said to be held: {number}")
        tally.refused += not claims
    runs = _runs(pair, tally)
    _at_once(pair, ((*UNDO, runs[0]), (*UNDO, runs[1])), tally)
    tally.compare(shared.original(), before, f"{pair.title}: two undos")
    for number, claims in enumerate(_claims(pair, EntryState.UNDONE)):
        free = _soon(shared.is_free, number)
        if claims and not free:
            tally.lie(f"{pair.title}: said to be released: {number}")
        tally.not_undone += not claims and not free
    tally.left += len(shared.temporary_files())


def _soon(holds: Callable[[int], bool], number: int) -> bool:
    """Whether it is so, or becomes so: a manager starts and ends processes in its own time."""
    deadline = time.monotonic() + _PATIENCE
    while not holds(number):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _at_once(pair: Pair, both: tuple[tuple[str, ...], tuple[str, ...]], tally: Tally) -> None:
    for player, folder, words in zip(pair.players, pair.shared.folders, both, strict=True):
        player.begin(Request(words=words, folder=str(folder)))
    for player, words in zip(pair.players, both, strict=True):
        answer = player.answer()
        tally.plays += 1
        if answer.status != 0:
            tally.notes.append(f"{pair.title}: {words[0]} answered {answer.status}: {answer.output}")


def _runs(pair: Pair, tally: Tally) -> list[str]:
    """The run of each player's own service."""
    found = []
    for player, folder in zip(pair.players, pair.shared.folders, strict=True):
        mine = [one.run for one in stories(player.state) if one.directory == str(folder)]
        assert mine, tally.notes[-2:]
        found += mine
    return found


def _claims(pair: Pair, state: EntryState) -> list[bool]:
    """What each player's journal says of its own service."""
    found = []
    for player, folder in zip(pair.players, pair.shared.folders, strict=True):
        mine = [one for one in stories(player.state) if one.directory == str(folder)]
        found.append(said(mine, pair.shared.kind, state))
    return found

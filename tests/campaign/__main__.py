"""``python -m tests.campaign``: the promises about what services share, tried until they can be believed.

Root's only. It works in two namespaces of its own, one of them with a systemd, and touches nothing of the
machine's. It prints what it counted, and fails when a byte was lost or somebody was told what is not so.
"""

import argparse
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.campaign.endings import acts, end_at_calls, end_at_random
from tests.campaign.pairs import Pair, app_pairs, crontab_pairs, play_both, program_pairs, unit_pairs
from tests.campaign.stage import ONE, Player
from tests.campaign.tally import Tally
from tests.campaign.world import World, boot_and_enter, build, enter, folder_of_world
from tests.real.pm2_program import npm_programs


def main() -> int:
    """Asks for so many endings and pairs, and says what came of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--random", type=int, default=300, help="endings at a random moment")
    parser.add_argument("--aimed", type=int, default=200, help="endings at a chosen call")
    for option, what in (
        ("--crontabs", "crontab"),
        ("--programs", "supervisord.conf"),
        ("--apps", "pm2 home"),
        ("--units", "folder of systemd's units"),
    ):
        parser.add_argument(option, type=int, default=200, help=f"rounds of two at once for each {what}")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--notes", action="store_true", help="print what was refused, too")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--booted", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("only root can make the namespaces and the users that it needs")
    if asked.inside is not None:
        world = build(asked.inside, asked.booted)
        return _told(_on_units(world, asked) if asked.booted else _campaign(world, asked), asked.notes)
    again = ("-m", "tests.campaign", *sys.argv[1:])
    status = 0
    if asked.apps:
        npm_programs()
    if any((asked.random, asked.aimed, asked.crontabs, asked.programs, asked.apps)):
        with folder_of_world() as folder:
            status = enter(*again, "--inside", str(folder))
    if asked.units:
        with folder_of_world() as folder:
            status = boot_and_enter(folder, *again, "--booted", "--inside", str(folder)) or status
    return status


def _campaign(world: World, asked: argparse.Namespace) -> Iterator[Tally]:
    """All but what needs a systemd."""
    chance = random.Random(asked.seed)
    user, root = _players(world)
    found = acts(world, user[0], root[0])
    if asked.random:
        yield end_at_random(found, asked.random, chance)
    if asked.aimed:
        yield end_at_calls(found, asked.aimed, chance)
    yield from _rounds(crontab_pairs, asked.crontabs, world, user, root)
    yield from _rounds(program_pairs, asked.programs, world, user, root)
    yield from _rounds(app_pairs, asked.apps, world, user, root)
    for player in (*user, *root):
        player.close()


def _on_units(world: World, asked: argparse.Namespace) -> Iterator[Tally]:
    user, root = _players(world)
    yield from _rounds(unit_pairs, asked.units, world, user, root)
    for player in (*user, *root):
        player.close()


def _players(world: World) -> tuple[tuple[Player, Player], tuple[Player, Player]]:
    """Two of one user, and two of root."""
    return (Player(world, ONE), Player(world, ONE)), (Player(world, "root"), Player(world, "root"))


def _rounds(
    make: Callable[[World, Sequence[Player], Sequence[Player]], list[Pair]],
    count: int,
    world: World,
    user: Sequence[Player],
    root: Sequence[Player],
) -> Iterator[Tally]:
    for pair in make(world, user, root) if count else ():
        yield play_both(pair, count)


def _told(tallies: Iterator[Tally], notes: bool) -> int:
    """Prints each part as it is over, and then the sums; the exit status says whether they are clean."""
    seen = []
    for tally in tallies:
        print(tally, flush=True)
        for note in tally.notes[:20] if notes or not tally.is_clean else ():
            print(note, flush=True)
        seen.append(tally)
    lost, lies, plays = (sum(getattr(one, name) for one in seen) for name in ("lost", "lies", "plays"))
    print(f"in all: {plays} plays, {lost} lost bytes, {lies} silent lies", flush=True)
    return 0 if all(tally.is_clean for tally in seen) else 1


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.campaign``: the promises about crontabs, tried as often as it takes to believe them.

Root's only. It works in a namespace of its own, and touches nothing of the machine's. It prints what it
counted, and fails when a byte was lost or somebody was told what is not so.
"""

import argparse
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.campaign.endings import acts, end_at_calls, end_at_random
from tests.campaign.pairs import pairs, play_both
from tests.campaign.stage import ONE, Player, Programs
from tests.campaign.tally import Tally
from tests.campaign.world import World, build, enter, folder_of_world


def main() -> int:
    """Asks for so many endings and pairs, and says what came of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--random", type=int, default=300, help="endings at a random moment")
    parser.add_argument("--aimed", type=int, default=200, help="endings at a chosen call")
    parser.add_argument(
        "--twice", type=int, default=200, help="rounds of two at once, for each shared object"
    )
    parser.add_argument("--programs", type=int, default=200, help="such rounds on a supervisord.conf (slow)")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--notes", action="store_true", help="print what was refused, too")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("only root can make the namespace and the users that it needs")
    if asked.inside is not None:
        return _told(_campaign(build(asked.inside), asked), asked.notes)
    with folder_of_world() as folder:
        return enter("-m", "tests.campaign", *sys.argv[1:], "--inside", str(folder))


def _campaign(world: World, asked: argparse.Namespace) -> Iterator[Tally]:
    chance = random.Random(asked.seed)
    user, root = (Player(world, ONE), Player(world, ONE)), (Player(world, "root"), Player(world, "root"))
    found = acts(world, user[0], root[0])
    yield end_at_random(found, asked.random, chance)
    yield end_at_calls(found, asked.aimed, chance)
    for pair in pairs(world, user, root):
        yield play_both(pair, asked.programs if isinstance(pair.file, Programs) else asked.twice)
    for player in (*user, *root):
        player.close()


def _told(tallies: Iterator[Tally], notes: bool) -> int:
    """Prints each part as it is over, and then the sums; the exit status says whether they are clean."""
    seen = []
    for tally in tallies:
        print(tally, flush=True)
        if notes or not tally.is_clean:
            print(*tally.notes[:20], sep="\n", flush=True)
        seen.append(tally)
    lost, lies, plays = (sum(getattr(one, name) for one in seen) for name in ("lost", "lies", "plays"))
    print(f"in all: {plays} plays, {lost} lost bytes, {lies} silent lies", flush=True)
    return 0 if all(tally.is_clean for tally in seen) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Run as a program in a service's folder: kills the service again and again while ghostfix watches it.

``python fifty_kills.py NAME COUNT`` prints what the watch said, as JSON lines. Each instance is killed as
soon as the watch has told of it: what was not seen would never be killed, and the program would not end.
"""

import json
import os
import signal
import subprocess
import sys


def main() -> None:
    """Kills, and ends the watch after the start that follows the last kill."""
    name, count = sys.argv[1], int(sys.argv[2])
    watch = subprocess.Popen(
        [sys.executable, "-m", "ghostfix", "watch", name, "--format", "jsonl"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watch.stdout is not None
    kills = 0
    for line in watch.stdout:
        sys.stdout.write(line)
        told = json.loads(line)
        if told["event"] not in ("watching", "started"):
            continue
        if kills == count:
            watch.send_signal(signal.SIGTERM)
        elif told["pid"] > 1:
            os.kill(told["pid"], signal.SIGKILL)
            kills += 1
    sys.exit(watch.wait())


if __name__ == "__main__":
    main()

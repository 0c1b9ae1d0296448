"""A search for a pattern that may never end, in a process that can be ended.

Run as a program of its own, ``python -I -S match_program.py``, it reads a JSON array of a pattern and a
text from each line of its input, and answers ``1``, ``0`` or ``?`` (no pattern) on a line. It imports nothing
of ours.
"""

import json
import re
import resource
import sys
import time

_CPU_SECONDS = 10
"""Of a processor, for one search: nothing else would end it if ghostfix were killed while it searches."""


def main() -> None:
    """One answer a line."""
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    for line in sys.stdin:
        wanted = int(time.process_time()) + _CPU_SECONDS
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, most))
        pattern, text = json.loads(line)
        try:
            answer = "1" if re.search(pattern, text) else "0"
        except (re.error, RecursionError, OverflowError):
            answer = "?"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

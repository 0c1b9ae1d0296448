"""How often an innocent process is hit when a PID is reused between plan and step: it must be never.

``python benchmarks/pid_reuse.py [TIMES]`` forces 200 reuses, prints how many innocents live, and how many
would have been hit by tools that go by PID and start time. It needs root or a PID namespace of its own, which
it enters by itself where it may. Linux only.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import pid_reuse  # noqa: E402


def main() -> None:
    """Counts here, or in a namespace where that is not allowed."""
    if pid_reuse.can_force():
        pid_reuse.main()
    elif pid_reuse.can_enter_namespace():
        os.chdir(ROOT)
        os.execvp("unshare", (*pid_reuse.NAMESPACE, sys.executable, "-m", "tests.pid_reuse", *sys.argv[1:]))
    else:
        sys.exit("this needs root, or a user who may have a PID namespace")


if __name__ == "__main__":
    main()

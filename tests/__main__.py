"""``python3 tests``: makes a virtual environment if there is none, installs what is needed, runs pytest.

Arguments go to pytest. Without any, everything runs but the slow stage (``python3 tests -m slow``).
"""

import os
import signal
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"


def main() -> None:
    """Sets up and hands over to pytest."""
    if not PYTHON.exists():
        print(f"making {ENVIRONMENT}", flush=True)
        venv.create(ENVIRONMENT, with_pip=True)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--editable", f"{ROOT}[test]"], check=True)
    arguments = sys.argv[1:]
    stage = [] if "-m" in arguments else ["-m", "not slow"]
    os.chdir(ROOT)
    # A shell starts its background jobs deaf to an interrupt, which tests send to what they start.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(PYTHON, [str(PYTHON), "-m", "pytest", *stage, *arguments])


if __name__ == "__main__":
    main()

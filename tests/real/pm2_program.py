"""npm's programs that the real tests start: installed once, into the user's cache, for the tests alone."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGES = ("pm2@6", "forever@4")


def npm_folder() -> Path:
    """Where they are installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "ghostfix-tests" / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def npm_programs() -> Path:
    """The folder of pm2 and forever; installs them when they are not there yet."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("needs node and npm")
    folder = npm_folder()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        programs = folder / "node_modules" / ".bin"
        if not (programs / "pm2").exists() or not (programs / "forever").exists():
            done = subprocess.run(
                ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", *PACKAGES],
                capture_output=True,
                text=True,
                timeout=110,
                check=False,
            )
            if done.returncode != 0:
                pytest.skip(f"pm2 could not be installed: {done.stderr.strip()[-300:]}")
    return programs

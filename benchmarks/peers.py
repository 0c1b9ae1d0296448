"""What a person would run instead; what this machine lacks is fetched into a folder of our own.

The machine's own list of packages stays as it is: the package is found with a list of ours, downloaded and
unpacked, not installed.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.crowd import NotHereError

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def fetched() -> Path:
    """The folder for what was fetched."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(cache) / "ghostfix-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def program(name: str, package: str, suite: str = "bookworm") -> str:
    """Where a program is, fetched from Debian if need be; raises NotHereError when it cannot be had."""
    found = shutil.which(name)
    if found is not None:
        return found
    folder = fetched() / package
    for place in (f"usr/bin/{name}", f"usr/sbin/{name}", f"bin/{name}", f"sbin/{name}"):
        if (folder / place).exists():
            return str(folder / place)
    if shutil.which("apt-get") is None:
        raise NotHereError(f"{name} is not installed, and there is no apt-get to fetch it with")
    try:
        _fetch(package, suite, folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotHereError(f"{name} is not installed, and could not be fetched: {error}") from error
    return program(name, package, suite)


def _fetch(package: str, suite: str, folder: Path) -> None:
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    source = folder / "sources.list"
    source.write_text(f"deb [signed-by={_KEYRING}] {_mirror()} {suite} main\n")
    options = [
        f"-oDir::Etc::sourcelist={source}",
        "-oDir::Etc::sourceparts=/dev/null",
        f"-oDir::State::Lists={lists}",
        "-qq",
    ]
    subprocess.run(["apt-get", *options, "update"], check=True)
    subprocess.run(["apt-get", *options, "download", package], cwd=folder, check=True)
    archive = next(folder.glob(f"{package}_*.deb"))
    subprocess.run(["dpkg", "-x", archive, folder], check=True)
    shutil.rmtree(lists)


def _mirror() -> str:
    """The mirror of Debian that the machine itself uses."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=True
    )
    mirrors = [line for line in asked.stdout.splitlines() if re.search(r"/debian/?$", line)]
    return mirrors[0] if mirrors else "http://deb.debian.org/debian/"

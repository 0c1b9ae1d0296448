"""A new user, who reads only the README: from nothing to a repaired demo, and to a profile of a service."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SERVICE = """import http.server, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(300)]


def typed(command: str, folder: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """What a shell does with it, in a home of its own and without this environment's programs."""
    own = str(Path(sys.executable).parent)
    inherited = [part for part in os.environ["PATH"].split(":") if part != own]
    environment = {
        "PATH": ":".join([*map(str, path), str(Path(sys.base_prefix) / "bin"), *inherited]),
        "HOME": str(folder.parent),
        "COLUMNS": "80",
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "LANG"))},
    }
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """An own service that runs, in a folder of its own."""
    folder, port = tmp_path / "shop", free_port()
    folder.mkdir()
    (folder / "shop.py").write_text(SERVICE)
    child = subprocess.Popen([sys.executable, "shop.py", str(port)], cwd=folder)
    try:
        wait_until(lambda: _accepts(port), 20, "the service listens")
        yield folder, port
    finally:
        child.kill()
        child.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_readme_leads_to_a_repaired_demo_and_a_profile(tmp_path: Path, service: tuple[Path, int]) -> None:
    clone = tmp_path / "ghostfix"
    subprocess.run(["git", "clone", "-q", f"file://{ROOT}", str(clone)], check=True, timeout=60)
    first = BLOCK.findall((clone / "README.md").read_text())[0]
    demo = typed(first, clone)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "rogue-restarter" in demo.stdout
    assert re.search(r"✓ held; watched for", demo.stdout)
    folder, port = service
    programs = clone / ".venv" / "bin"
    drafted = typed(f"ghostfix init --from :{port}", folder, programs)
    assert drafted.returncode == 0, drafted.stderr
    healthy = typed("ghostfix diagnose", folder, programs)
    assert healthy.returncode == 0, healthy.stdout + healthy.stderr
    manual = typed("man -w ghostfix", folder, programs)
    assert manual.stdout.strip() == str(clone / ".venv/share/man/man1/ghostfix.1"), manual.stderr

"""A user's genuine systemd is given a service by that user, and root is sent there."""

from collections.abc import Iterator

import pytest

from ghostfix.model.service import Service
from tests.real.adopting import ghostfix, settle
from tests.real.restarter_bench import MachineBench, becomes, digest, sh
from tests.real.test_systemd_real import REASON
from tests.real.test_user_systemd_real import FOLDER, HOME, House
from tests.real.test_user_systemd_real import house as house

SERVICE = Service(
    name="ghost",
    profile=f"{FOLDER}/ghostfix.toml",
    directory=FOLDER,
    script="ghost.py",
    logs=("logs/ghost.log",),
)
GINA = f"setpriv --reuid gina --regid gina --init-groups env HOME={HOME} USER=gina"
ADOPT = "adopt ghost --with systemd-user"
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.skipif(REASON is not None, reason=REASON or "")]


@pytest.fixture
def bench(house: House) -> Iterator[MachineBench]:
    settle(house.bench, FOLDER, owner="gina")
    yield house.bench
    house.bench.run(f"pkill -KILL -f {FOLDER}/[g]host.py; rm -rf {FOLDER}")


def trace(bench: MachineBench) -> str:
    """The user's configuration, and the profile."""
    sh(bench, f"mkdir -p {HOME}/.config && chown gina: {HOME}/.config")
    return digest(bench, f"{HOME}/.config", f"{FOLDER}/ghostfix.toml")


def test_adopted_restarted_and_forgotten(house: House, bench: MachineBench) -> None:
    before = trace(bench)
    told = ghostfix(bench, FOLDER, f"{ADOPT} --yes --hold-for 1s", before=GINA)
    assert "enable-linger" not in told  # she has it
    (pid,) = bench.running(SERVICE)
    assert house.systemctl("show ghost --property=MainPID --value").strip() == str(pid)
    assert house.systemctl("show ghost --property=TasksMax --value").strip() == "50"
    assert sh(bench, f"stat -c %U /proc/{pid} {FOLDER}/logs/ghost.log").split() == ["gina", "gina"]
    sh(bench, f"kill -KILL {pid}")
    becomes(lambda: bench.running(SERVICE) not in ((), (pid,)), "her systemd restarts it")
    ghostfix(bench, FOLDER, "diagnose ghost", before=GINA)
    ghostfix(bench, FOLDER, "undo --yes", before=GINA)
    assert trace(bench) == before
    assert house.systemctl("show ghost --property=LoadState --value").strip() == "not-found"
    assert bench.running(SERVICE) == ()


def test_root_is_sent_to_the_user(bench: MachineBench) -> None:
    sh(bench, f"cp {FOLDER}/ghostfix.toml /root/ghost.toml; sed -i 's|\\.\"|{FOLDER}\"|' /root/ghost.toml")
    told = ghostfix(bench, "/root", f"{ADOPT} --config /root/ghost.toml --yes", status=4)
    assert "belongs to gina" in told
    assert "sudo -u gina ghostfix adopt ghost --with systemd-user" in told

"""A service that wants a manager, and machines that have some."""

from msgspec import structs

from ghostfix.managers.adoption_target import Offer, Unavailable
from ghostfix.managers.job_spec import JobWanted
from ghostfix.managers.register import adopters
from ghostfix.model.process import Variable
from ghostfix.model.service import StopWanted
from tests.fake_system import FakeSystem

WANTED = JobWanted(
    name="web",
    command=("/srv/web/.venv/bin/python", "-m", "shop.web"),
    directory="/srv/web",
    user="",
    variables=(Variable("PATH", "/srv/web/.venv/bin:/usr/bin"), Variable("VIRTUAL_ENV", "/srv/web/.venv")),
    log="/srv/web/logs/web.log",
    log_is_root_s=True,
    stop=StopWanted(grace=15),
    memory=512 << 20,
    open_files=1024,
    processes=64,
    ghostfix=("/opt/py", "-m", "ghostfix"),
    profile="/srv/web/ghostfix.toml",
)
ALICE = structs.replace(WANTED, user="alice", log_is_root_s=False)
NASTY = structs.replace(
    WANTED,
    command=("/srv/a %n/py", "-c", "print('$HOME', \"100%\") # \\ ;x", "", "é"),
    directory="/srv/a %n",
    log="/srv/a %n/w.log",
    variables=(),
    profile="/srv/a %n/ghostfix.toml",
)


def asked(kind: str, system: FakeSystem, wanted: JobWanted = WANTED) -> Offer | Unavailable:
    return next(adopter for adopter in adopters() if adopter.kind == kind).offer(system, wanted)


def offered(kind: str, system: FakeSystem, wanted: JobWanted = WANTED) -> Offer:
    offer = asked(kind, system, wanted)
    assert isinstance(offer, Offer), offer
    return offer


def unavailable(kind: str, system: FakeSystem, wanted: JobWanted = WANTED) -> Unavailable:
    offer = asked(kind, system, wanted)
    assert isinstance(offer, Unavailable), offer
    return offer

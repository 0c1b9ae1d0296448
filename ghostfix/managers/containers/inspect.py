"""What ``docker inspect`` and ``podman inspect`` say of containers: a JSON list, one object for each."""

from datetime import datetime

import msgspec
from msgspec import Struct

from ghostfix.model.pattern import Pattern

_NEVER = ("", "no")
_MOMENT = Pattern(r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(\.\d+)?(?: ?(Z|[+-]\d\d:?\d\d))?")
_YEAR_ONE = "0001-"
"""How both engines write that something never happened."""


class Container(Struct, frozen=True, kw_only=True):
    """One container."""

    id: str
    name: str
    policy: str = "no"
    """``no``, ``always``, ``unless-stopped`` or ``on-failure``."""
    retries: int = 0
    """How often ``on-failure`` tries; 0: for ever."""
    running: bool = False
    pid: int | None = None
    command: str = ""
    status: str = ""
    """``running``, ``restarting``, ``exited``, ``created``, ``dead``, ``paused``."""
    exit_code: int | None = None
    """Of its last end; None for one that has never ended."""
    out_of_memory: bool = False
    error: str = ""
    """Why the engine could not start it, in its words."""
    finished: float | None = None
    """When it last ended, in seconds since the epoch."""
    restart_count: int = 0
    addresses: tuple[str, ...] = ()
    """Its own addresses, to which a proxy forwards."""

    @property
    def restarts(self) -> bool:
        return self.policy not in _NEVER

    @property
    def written_policy(self) -> str:
        """The policy as ``update --restart`` takes it."""
        if self.policy == "on-failure" and self.retries:
            return f"on-failure:{self.retries}"
        return self.policy or "no"


class _Policy(Struct, rename="pascal"):
    name: str | None = ""
    maximum_retry_count: int | None = 0


class _Host(Struct, rename="pascal"):
    restart_policy: _Policy | None = None


class _State(Struct, rename="pascal"):
    running: bool | None = False
    pid: int | None = 0
    status: str | None = ""
    exit_code: int | None = 0
    out_of_memory: bool | None = msgspec.field(default=False, name="OOMKilled")
    error: str | None = ""
    finished_at: str | None = ""


class _Network(Struct):
    address: str | None = msgspec.field(default="", name="IPAddress")


class _Networks(Struct):
    address: str | None = msgspec.field(default="", name="IPAddress")
    networks: dict[str, _Network] | None = msgspec.field(default=None, name="Networks")


class _Inspected(Struct, rename="pascal"):
    id: str = ""
    name: str = ""
    path: str | None = ""
    args: list[str] | None = None
    state: _State | None = None
    host_config: _Host | None = None
    network_settings: _Networks | None = None
    restart_count: int | None = 0


def read_inspect(answer: bytes) -> tuple[Container, ...] | None:
    """The containers of an answer; None when it is none."""
    try:
        found = msgspec.json.decode(answer, type=list[_Inspected])
    except msgspec.DecodeError:
        return None
    return tuple(_container(each) for each in found if each.id)


def _container(each: _Inspected) -> Container:
    state = each.state or _State()
    policy = (each.host_config or _Host()).restart_policy or _Policy()
    networks = each.network_settings or _Networks()
    finished = _moment(state.finished_at or "")
    known = [networks.address, *(network.address for network in (networks.networks or {}).values())]
    return Container(
        id=each.id,
        name=each.name.removeprefix("/") or each.id[:12],
        policy=policy.name or "no",
        retries=policy.maximum_retry_count or 0,
        running=bool(state.running),
        pid=state.pid or None,
        command=" ".join(part for part in (each.path or "", *(each.args or [])) if part),
        status=(state.status or "").lower(),
        exit_code=state.exit_code if finished is not None else None,
        out_of_memory=bool(state.out_of_memory),
        error=state.error or "",
        finished=finished,
        restart_count=each.restart_count or 0,
        addresses=tuple(dict.fromkeys(address for address in known if address)),
    )


def _moment(text: str) -> float | None:
    """The time that an engine writes, to the nanosecond; None for never, and for what is no time."""
    match = _MOMENT.match(text)
    if match is None or text.startswith(_YEAR_ONE):
        return None
    zone = (match[3] or "Z").replace("Z", "+0000").replace(":", "")
    whole = datetime.strptime(f"{match[1].replace(' ', 'T')}{zone}", "%Y-%m-%dT%H:%M:%S%z")
    return whole.timestamp() + float(match[2] or 0)

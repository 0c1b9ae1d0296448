"""What ``docker inspect`` and ``podman inspect`` say of containers: a JSON list, one object for each."""

import msgspec
from msgspec import Struct

_NEVER = ("", "no")


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
    known = [networks.address, *(network.address for network in (networks.networks or {}).values())]
    return Container(
        id=each.id,
        name=each.name.removeprefix("/") or each.id[:12],
        policy=policy.name or "no",
        retries=policy.maximum_retry_count or 0,
        running=bool(state.running),
        pid=state.pid or None,
        command=" ".join(part for part in (each.path or "", *(each.args or [])) if part),
        addresses=tuple(dict.fromkeys(address for address in known if address)),
    )

"""Quantities: the machine's numbers with their units and limits, as a person reads them."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from ghostfix.model.report import Metrics, NetReport

UNREAD = "could not be read"


class Quantity(Struct, frozen=True):
    """One row of the metrics: a name, a value with its unit, its limit, and whether it is beyond it."""

    name: str
    value: str
    limit: str
    exceeded: bool = False
    share: float | None = None
    """The value as a share of its limit (1.0 is the limit); None when one of the two is unknown."""


def quantities(metrics: "Metrics") -> tuple[Quantity, ...]:
    """Every metric, in the order in which a report lists them."""
    rows = [
        _counted("Processes", metrics.process_count, metrics.process_limit, "process", "processes"),
        _counted("Zombies", metrics.zombie_count, metrics.zombie_limit, "zombie", "zombies"),
        _load(metrics),
        _percentage("Memory", metrics.memory_percent, metrics.memory_limit),
        _percentage("Swap", metrics.swap_percent, None),
        _percentage("Disk", metrics.disk_percent, metrics.disk_limit),
    ]
    rows[1:1] = _of_the_kernel(metrics)
    return (*rows, *_network(metrics.net))


def number(value: float) -> str:
    """A number without needless zeros: ``7.02``, ``300``, ``0.56``."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:.3g}"


def size(count: int) -> str:
    """Bytes in decimal units: ``7.6 GB``."""
    return _scaled(count, ("B", "kB", "MB", "GB", "TB", "PB", "EB"))


def packets(count: int) -> str:
    """A count of packets: ``80 M packets``."""
    return _scaled(count, ("packets", "k packets", "M packets", "G packets", "T packets"))


def share(count: float, limit: float) -> str:
    """A count against its limit, never as a bare percentage: ``417 % of the limit of 300``."""
    return f"{100 * count / limit:.0f} % of the limit of {number(limit)}"


def _scaled(count: int, units: tuple[str, ...]) -> str:
    value = float(count)
    for unit in units[:-1]:
        if abs(value) < 999.95:
            return f"{value:.1f}".removesuffix(".0") + f" {unit}"
        value /= 1000
    return f"{value:.1f}".removesuffix(".0") + f" {units[-1]}"


def _counted(name: str, count: int | None, limit: int, one: str, many: str) -> Quantity:
    if count is None:
        return Quantity(name, UNREAD, str(limit))
    value = f"{count} {one if count == 1 else many}"
    exceeded = count > limit
    text = f"{value}, {share(count, limit)}" if exceeded else value
    return Quantity(name, text, str(limit), exceeded, _share(count, limit))


def _of_the_kernel(metrics: "Metrics") -> tuple[Quantity, ...]:
    """What counts against the kernel's limits: for the service, its user, its control group, the machine."""
    user, group = metrics.user_process_count, metrics.group_task_count
    rows = []
    if metrics.service_process_count is not None:
        rows.append(Quantity("Of the service", _processes(metrics.service_process_count), ""))
    if user is not None:
        tasks = user if metrics.user_task_count is None else metrics.user_task_count
        threads = "" if tasks == user else f", {tasks} threads"
        name = "Of this user" if metrics.user is None else f"Of {metrics.user}"
        rows.append(_bound(name, f"{_processes(user)}{threads}", tasks, metrics.user_process_limit))
    if group is not None:
        rows.append(_bound("Of its group", f"{group} threads", group, metrics.group_task_limit))
    if metrics.task_count is not None and metrics.task_limit is not None:
        rows.append(_bound("Threads", f"{metrics.task_count}", metrics.task_count, metrics.task_limit))
    return tuple(rows)


def _bound(name: str, value: str, count: int, limit: int | None) -> Quantity:
    text = "none" if limit is None else f"{limit} (kernel)"
    return Quantity(name, value, text, _over(count, limit), _share(count, limit))


def _processes(count: int) -> str:
    return f"{count} process{'' if count == 1 else 'es'}"


def _load(metrics: "Metrics") -> Quantity:
    limit = metrics.load_limit
    if metrics.cpu_load is None or metrics.cpu_count is None:
        return Quantity("Load", UNREAD, "" if limit is None else number(limit))
    value = f"{number(metrics.cpu_load)} on {metrics.cpu_count} CPU{'' if metrics.cpu_count == 1 else 's'}"
    exceeded = _over(metrics.cpu_load, limit)
    if exceeded and limit is not None:
        value = f"{value}, {share(metrics.cpu_load, limit)}"
    text = "" if limit is None else number(limit)
    return Quantity("Load", value, text, exceeded, _share(metrics.cpu_load, limit))


def _percentage(name: str, percent: float | None, limit: float | None) -> Quantity:
    value = UNREAD if percent is None else f"{number(percent)} %"
    text = "" if limit is None else f"{number(limit)} %"
    return Quantity(name, value, text, _over(percent, limit), _share(percent, limit or 100.0))


def _over(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


def _share(value: float | None, limit: float | None) -> float | None:
    return None if value is None or not limit else value / limit


def _network(net: "NetReport | None") -> tuple[Quantity, ...]:
    if net is None:
        return (Quantity("Network", UNREAD, ""),)
    return (
        Quantity("Received", f"{size(net.bytes_recv)}, {packets(net.packets_recv)}", ""),
        Quantity("Sent", f"{size(net.bytes_sent)}, {packets(net.packets_sent)}", ""),
    )

"""A watch as OpenMetrics text (pure)."""

from collections.abc import Iterator

from ghostfix.commands.watch.record import WatchRecord
from ghostfix.report.metric_family import END, family, gauge


def openmetrics(record: WatchRecord) -> str:
    """The last sample, and what was counted since the watch began."""
    return "\n".join((*_families(record), END))


def _families(record: WatchRecord) -> Iterator[str]:
    service = {"service": record.service.name}
    sample = record.samples[-1]
    yield from gauge("instances", "Instances that run.", service, len(record.instances))
    yield from gauge("instances_wanted", "Instances that should run.", service, record.service.instances)
    yield from family(
        "starts",
        "counter",
        "Instances that were started since the watch began, by who started them.",
        ((service | {"by": by}, number) for by, number in sorted(record.starters.items())),
    )
    yield from family("ends", "counter", "Instances that ended.", [(service, record.ends)])
    yield from family(
        "cpu_seconds",
        "counter",
        "CPU time of the instances and all below them.",
        [(service, round(sample.cpu_seconds, 3))],
        unit="seconds",
    )
    yield from gauge(
        "memory_bytes", "Resident memory of the same.", service, sample.memory_bytes, unit="bytes"
    )
    yield from gauge("processes", "Processes of the same.", service, sample.own_processes)
    yield from gauge("machine_processes", "Processes of the machine.", {}, sample.processes)
    yield from gauge("machine_zombies", "Zombies of the machine.", {}, sample.zombies)
    yield from family(
        "port_listening",
        "gauge",
        "Whether anybody listens on a port of the service.",
        ((service | {"port": str(port)}, int(listens)) for port, listens in sorted(sample.ports.items())),
    )
    if sample.healthy is not None:
        yield from gauge(
            "healthy", "Whether the health document is as it should be.", service, int(sample.healthy)
        )
    yield from gauge("troubles", "What is wrong with the service now.", service, len(record.troubles))
    yield from gauge("limits_exceeded", "Limits that the machine is beyond.", service, len(record.excesses))

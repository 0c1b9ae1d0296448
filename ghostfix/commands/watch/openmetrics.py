"""A watch as OpenMetrics text, for node_exporter's textfile collector and its like (pure).

The format is that of the OpenMetrics specification 1.0. No sample has a time stamp: the textfile collector
refuses a file with one, and has the file's own time instead.
"""

from collections.abc import Iterable, Iterator

from ghostfix.commands.watch.record import WatchRecord


def openmetrics(record: WatchRecord) -> str:
    """The last sample, and what was counted since the watch began."""
    return "\n".join((*_families(record), "# EOF")) + "\n"


def _families(record: WatchRecord) -> Iterator[str]:
    service = {"service": record.service.name}
    sample = record.samples[-1]
    yield from _gauge("instances", "Instances that run.", service, len(record.instances))
    yield from _gauge("instances_wanted", "Instances that should run.", service, record.service.instances)
    yield from _family(
        "starts",
        "counter",
        "Instances that were started since the watch began, by who started them.",
        ((service | {"by": by}, number) for by, number in sorted(record.starters.items())),
    )
    yield from _family("ends", "counter", "Instances that ended.", [(service, record.ends)])
    yield from _family(
        "cpu_seconds",
        "counter",
        "CPU time of the instances and all below them.",
        [(service, round(sample.cpu_seconds, 3))],
        unit="seconds",
    )
    yield from _gauge(
        "memory_bytes", "Resident memory of the same.", service, sample.memory_bytes, unit="bytes"
    )
    yield from _gauge("processes", "Processes of the same.", service, sample.own_processes)
    yield from _gauge("machine_processes", "Processes of the machine.", {}, sample.processes)
    yield from _gauge("machine_zombies", "Zombies of the machine.", {}, sample.zombies)
    yield from _family(
        "port_listening",
        "gauge",
        "Whether anybody listens on a port of the service.",
        ((service | {"port": str(port)}, int(listens)) for port, listens in sorted(sample.ports.items())),
    )
    if sample.healthy is not None:
        yield from _gauge(
            "healthy", "Whether the health document is as it should be.", service, int(sample.healthy)
        )
    yield from _gauge("troubles", "What is wrong with the service now.", service, len(record.troubles))
    yield from _gauge("limits_exceeded", "Limits that the machine is beyond.", service, len(record.excesses))


def _gauge(name: str, help_: str, labels: dict[str, str], value: float, *, unit: str = "") -> Iterator[str]:
    return _family(name, "gauge", help_, [(labels, value)], unit=unit)


def _family(
    name: str,
    kind: str,
    help_: str,
    samples: Iterable[tuple[dict[str, str], float]],
    *,
    unit: str = "",
) -> Iterator[str]:
    family = f"ghostfix_{name}"
    yield f"# TYPE {family} {kind}"
    if unit:
        yield f"# UNIT {family} {unit}"
    yield f"# HELP {family} {help_}"
    suffix = "_total" if kind == "counter" else ""
    for labels, value in samples:
        named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{family}{suffix}{{{named}}} {value}" if named else f"{family}{suffix} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

"""Metric families as OpenMetrics text, for node_exporter's textfile collector and its like (pure).

The format is that of the OpenMetrics specification 1.0. No sample has a time stamp: the textfile collector
refuses a file with one, and has the file's own time instead. It knows neither state sets nor info
metrics (``expfmt`` of prometheus/common), so these are gauges.
"""

from collections.abc import Iterable, Iterator, Mapping

END = "# EOF\n"
"""The last line of a document."""


def gauge(name: str, help_: str, labels: Mapping[str, str], value: float, *, unit: str = "") -> Iterator[str]:
    """The lines of a gauge with one sample."""
    return family(name, "gauge", help_, [(labels, value)], unit=unit)


def family(
    name: str,
    kind: str,
    help_: str,
    samples: Iterable[tuple[Mapping[str, str], float]],
    *,
    unit: str = "",
) -> Iterator[str]:
    """The lines of a family: what it is, and each sample with its labels."""
    whole = f"ghostfix_{name}"
    yield f"# TYPE {whole} {kind}"
    if unit:
        yield f"# UNIT {whole} {unit}"
    yield f"# HELP {whole} {help_}"
    suffix = "_total" if kind == "counter" else ""
    for labels, value in samples:
        named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{whole}{suffix}{{{named}}} {value}" if named else f"{whole}{suffix} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

"""The rows of the table, in its order: those first that share the crowd of 1,250."""

from benchmarks.row import Row
from benchmarks.rows import diagnose, growth, log, scarcity, sockets, start, typed, waiting, watch, why

ROWS: dict[str, Row] = {
    "diagnose": diagnose.measure,
    "why": why.measure,
    "typed": typed.measure,
    "start": start.measure,
    "waiting": waiting.measure,
    "watch": watch.measure,
    "scarcity": scarcity.measure,
    "log": log.measure,
    "sockets": sockets.measure,
    "growth": growth.measure,
}

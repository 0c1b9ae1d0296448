"""Families of checks: the headings under which a report lists them."""

from collections.abc import Mapping

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "Instances": ("duplicate-instance", "not-running", "orphan-instance"),
    "Restarters": ("rogue-restarter", "competing-managers", "crash-loop", "flapping", "unlocked-cron-job"),
    "PID files": ("stale-pidfile", "recycled-pidfile", "malformed-pidfile", "mismatched-pidfile"),
    "Port": ("port-conflict", "port-shared", "port-unbound"),
    "Environment": (
        "missing-venv",
        "broken-venv",
        "missing-package",
        "wrong-interpreter",
        "python-confusion",
    ),
    "Health": ("health-unreachable", "health-degraded", "webhook-failing"),
    "Logs": (
        "traceback-in-log",
        "log-none-comparison",
        "log-address-in-use",
        "log-missing-module",
    ),
    "Resources": (
        "process-count",
        "zombie-processes",
        "high-load",
        "memory-pressure",
        "disk-full",
        "open-files",
        "over-limit",
    ),
}
OTHER = "Other"


def family(code: str) -> str:
    """The heading for a check; ``Other`` for one that has no family."""
    return next((name for name, codes in FAMILIES.items() if code in codes), OTHER)

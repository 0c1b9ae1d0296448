"""Load, memory, disk, counts and network counters of this machine."""

import os
import resource
import sys

from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import NetworkCounters, Resources
from ghostfix.system.linux_processes import read_whole
from ghostfix.system.proc_text import parse_memory, parse_network
from ghostfix.system.processes import ProcessTable


def resources(table: ProcessTable, directory: str) -> Reading[Resources | None]:
    """One reading of all; the disk is the one that holds ``directory`` or its nearest existing parent."""
    try:
        memory, swap = _memory()
        processes, zombies, ours = table.counts()
        seen = Resources(
            cpu_load=os.getloadavg()[0],
            cpu_count=os.cpu_count() or 1,
            memory_percent=memory,
            swap_percent=swap,
            disk_percent=_disk(directory),
            process_count=processes,
            zombie_count=zombies,
            user_process_count=ours,
            user_process_limit=_process_limit(),
            task_limit=_task_limit(),
            net=_network(),
        )
    except (OSError, ValueError) as error:
        return Reading(None, f"the machine's resources: {error}", complete=False)
    return Reading(seen)


def _memory() -> tuple[float, float]:
    if sys.platform == "linux":
        return parse_memory(read_whole("/proc/meminfo"))
    import psutil  # not at the top: Linux starts without it

    return psutil.virtual_memory().percent, psutil.swap_memory().percent


def _disk(directory: str) -> float:
    """As ``df`` counts: of what is not reserved for root."""
    folder = os.path.abspath(directory)
    while not os.path.isdir(folder) and folder != "/":
        folder = os.path.dirname(folder)
    if sys.platform == "linux":
        seen = os.statvfs(folder)
        used = seen.f_blocks - seen.f_bfree
        return 100.0 * used / (used + seen.f_bavail) if used + seen.f_bavail else 0.0
    import psutil  # which knows what of a macOS volume is in use

    return float(psutil.disk_usage(folder).percent)


def _process_limit() -> int | None:
    """The soft ``RLIMIT_NPROC``; root is not bound by it."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    return None if soft == resource.RLIM_INFINITY or os.geteuid() == 0 else soft


def _task_limit() -> int | None:
    """Each task has a PID, and a place in the kernel's table of threads (proc(5)); not known on macOS."""
    if sys.platform != "linux":
        return None
    names = ("pid_max", "threads-max")
    return min(int(read_whole(f"/proc/sys/kernel/{name}")) for name in names)


def _network() -> NetworkCounters | None:
    if sys.platform == "linux":
        return parse_network(read_whole("/proc/net/dev"))
    import psutil

    seen = psutil.net_io_counters()
    if seen is None:
        return None
    return NetworkCounters(seen.bytes_sent, seen.bytes_recv, seen.packets_sent, seen.packets_recv)

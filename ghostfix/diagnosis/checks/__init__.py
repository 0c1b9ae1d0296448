"""The faults that ghostfix knows, in the order in which a report lists them."""

from ghostfix.diagnosis.checks import (
    broken_venv,
    competing_managers,
    crash_loop,
    disk_full,
    duplicate_instance,
    ended_by_signal,
    failed_to_start,
    flapping,
    given_up,
    health_degraded,
    health_unreachable,
    high_load,
    log_address_in_use,
    log_missing_module,
    log_none_comparison,
    malformed_pidfile,
    memory_pressure,
    mismatched_pidfile,
    missing_package,
    missing_venv,
    not_running,
    open_files,
    orphan_instance,
    over_limit,
    port_conflict,
    port_shared,
    port_unbound,
    process_count,
    python_confusion,
    recycled_pidfile,
    rogue_restarter,
    stale_pidfile,
    traceback_in_log,
    unit_not_loadable,
    unlocked_cron_job,
    unmanaged_instance,
    webhook_failing,
    wrong_interpreter,
    zombie_processes,
)
from ghostfix.model.finding import Check, Group

CHECKS: tuple[Check, ...] = (
    # what runs
    not_running.CHECK,
    duplicate_instance.CHECK,
    orphan_instance.CHECK,
    unmanaged_instance.CHECK,
    # what starts it
    rogue_restarter.CHECK,
    competing_managers.CHECK,
    unlocked_cron_job.CHECK,
    # how it ended
    unit_not_loadable.CHECK,
    failed_to_start.CHECK,
    ended_by_signal.CHECK,
    crash_loop.CHECK,
    given_up.CHECK,
    flapping.CHECK,
    # who has the port
    port_conflict.CHECK,
    port_shared.CHECK,
    port_unbound.CHECK,
    # whom the PID files name
    stale_pidfile.CHECK,
    recycled_pidfile.CHECK,
    malformed_pidfile.CHECK,
    mismatched_pidfile.CHECK,
    # what it runs in
    missing_venv.CHECK,
    broken_venv.CHECK,
    missing_package.CHECK,
    wrong_interpreter.CHECK,
    python_confusion.CHECK,
    # what it answers
    health_unreachable.CHECK,
    health_degraded.CHECK,
    webhook_failing.CHECK,
    # what it logs
    log_none_comparison.CHECK,
    log_address_in_use.CHECK,
    log_missing_module.CHECK,
    traceback_in_log.CHECK,
    # what the machine has left
    process_count.CHECK,
    zombie_processes.CHECK,
    high_load.CHECK,
    memory_pressure.CHECK,
    disk_full.CHECK,
    open_files.CHECK,
    over_limit.CHECK,
)
_GROUPS = {check.code: check.group for check in CHECKS}


def group_of(code: str) -> Group:
    """The heading under which a report lists this check; ``OTHER`` for a code that is not known here."""
    return _GROUPS.get(code, Group.OTHER)

"""The machine: the only place that touches it. Processes, sockets, files, commands, HTTP and signals."""

from ghostfix.system.local import LocalSystem, local_system

__all__ = ["LocalSystem", "local_system"]

"""The machine: the only place that touches it. Processes, sockets, files, commands, HTTP and signals."""

from ghostfix.system.local import LocalSystem

__all__ = ["LocalSystem"]

"""Service folders: runit, s6 and daemontools, which supervise one folder a service."""

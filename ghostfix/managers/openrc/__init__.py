"""OpenRC: services and their supervise-daemon."""

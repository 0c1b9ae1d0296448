"""monit: the checks of a monit daemon."""

"""launchd: the jobs of macOS."""

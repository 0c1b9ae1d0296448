"""at: jobs that run once, at a time."""

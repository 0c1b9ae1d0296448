"""cron and anacron: lines that run at a time."""

"""Runs: what a repair leaves on the disk, so that another process can tell its story and undo it."""

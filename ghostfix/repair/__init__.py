"""Repair: the plan, its execution, and what a run leaves on the disk so that another process can undo it."""

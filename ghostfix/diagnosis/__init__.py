"""Diagnosis: the checks, and what several of them ask of one snapshot, answered in one place; pure."""

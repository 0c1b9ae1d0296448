"""Aspects: what several checks ask of one snapshot, each answered in one place; pure."""

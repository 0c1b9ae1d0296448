"""Managers: what the restarters need to know of each; where its jobs are kept, and how it is asked."""

"""Collectors: one source of facts each. They look, and say what they could not look at."""

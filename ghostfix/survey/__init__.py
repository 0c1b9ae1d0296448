"""Collectors: one source of facts each. They read, and say what they could not read."""

"""Watchdogs: loops and scripts that start a service again, in a terminal multiplexer or without."""

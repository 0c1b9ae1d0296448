"""Logs read for what they say of errors."""

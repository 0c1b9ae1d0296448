"""Parsers: text and bytes of other programs, read into facts; one source a file, pure."""

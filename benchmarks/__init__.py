"""Benchmarks: ghostfix beside what a person would run instead, on a crowded machine, as ratios of medians.

``python -m benchmarks`` builds the crowd, measures every row and prints the table; docs/performance.md says
more. Each row is one file in ``rows``.
"""

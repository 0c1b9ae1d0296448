"""``ghostfix diagnose``: its options, and what finds what is wrong."""

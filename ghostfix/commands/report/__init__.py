"""``ghostfix report``: its options, and what shows a report again."""

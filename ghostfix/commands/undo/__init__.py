"""``ghostfix undo``: its options, and what takes a repair back."""

"""`ghostfix run`: commands that ghostfix itself starts again."""

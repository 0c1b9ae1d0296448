"""`ghostfix why`: what ``ghostfix why`` finds out about one process."""

"""`ghostfix run`: one instance, guaranteed by a kernel lock."""

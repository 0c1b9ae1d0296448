"""`ghostfix init`: writes a profile from a service that runs."""

"""`ghostfix watch`: every start and end of a service, as it happens."""

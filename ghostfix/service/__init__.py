"""What healthy looks like, and which processes are the service."""

"""``ghostfix repair``: its options, and what brings a service back."""

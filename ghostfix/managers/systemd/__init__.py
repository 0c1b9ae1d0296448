"""systemd: the units of the machine and of a user."""

"""pm2: the apps of a God daemon."""

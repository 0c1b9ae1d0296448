"""The broken ghost runner of ``ghostfix demo``: its files, copied into a sandbox folder and run there."""

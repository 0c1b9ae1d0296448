"""The acts that belong to no manager: one act a file."""

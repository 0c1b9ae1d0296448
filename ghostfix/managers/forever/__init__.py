"""forever: scripts that its monitor starts again."""

"""``ghostfix mcp``: its options, the protocol, and the tools that an assistant may call."""

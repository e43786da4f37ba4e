"""The endpoint: an HTTP listener and the chain that every request goes through."""

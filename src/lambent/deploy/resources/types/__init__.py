"""The types, by service."""

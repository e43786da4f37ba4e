"""Invocations, and what happens to asynchronous ones."""

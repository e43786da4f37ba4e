"""Distributed Map states: runs of them, with an execution of its own for each item or batch."""

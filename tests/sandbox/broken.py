"""A module that can't be imported."""

raise ValueError("broken on purpose")

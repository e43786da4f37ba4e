"""Runs the engine: invoker, environments and their pools."""

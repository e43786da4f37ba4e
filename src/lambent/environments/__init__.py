"""Execution environments of one machine: carries out what `engine.environment` decides."""

"""Alarms: what is stored, how they change state, what follows."""

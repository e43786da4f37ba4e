"""What holds for every unit test."""

from hypothesis import settings

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
"""An example that takes long says something of the machine, not of the code: how long things take is the bench's."""

"""What can go wrong with what is kept."""


class NotKept(Exception):
    """The disk takes nothing, the file can't be read now, or there is as much as is kept."""

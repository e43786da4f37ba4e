"""What is wrong with the machine rather than with a request or with us, in words for whoever runs the server."""


class Trouble(Exception):
    """Its text says what happened and what to do; whoever called is told that, too."""

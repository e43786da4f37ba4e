"""The command line. Speaks HTTP like any client."""

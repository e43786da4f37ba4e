"""What runs below the server: guard, zygote, keeper and the processes of the sandboxes.

A program of its own, started on the interpreter that the sandboxes shall run on: CPython 3.8 or newer, the standard
library alone. The guard starts the zygote and cleans up when the server is gone; the zygote forks one keeper per
sandbox; the keeper makes the sandbox, then forks the processes in it.
"""

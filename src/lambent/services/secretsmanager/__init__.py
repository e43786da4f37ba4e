"""Secrets Manager's rotation. Secrets themselves lie with the neighbour."""

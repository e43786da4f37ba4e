"""Durable state and code blobs."""

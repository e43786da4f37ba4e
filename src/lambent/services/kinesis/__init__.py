"""Kinesis Data Streams: streams that lose nothing, answered here."""

"""Event sources: what reads queues and streams and invokes functions with what it finds, as mappings say."""

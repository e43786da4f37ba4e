"""API Gateway's HTTP and WebSocket APIs (v2): what is configured, kept in the store. `serving` serves it."""

"""API Gateway's REST APIs (v1): what is configured, kept in the store. `serving` serves them."""

"""API Gateway's REST APIs (v1): what is configured, kept in the store. What serves them is `lambent.rest_apis`."""

"""AWS Cloud Control API: what tools read with it."""

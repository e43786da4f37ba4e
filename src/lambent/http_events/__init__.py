"""What a door to functions makes of an HTTP request, and of a function's answer: pure, a table per door."""

"""What things are: names, functions, invocations, limits. Frozen values; imports nothing of ours."""

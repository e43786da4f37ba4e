"""CloudFormation's API: requests into what `deploy` does, and its stacks into answers."""

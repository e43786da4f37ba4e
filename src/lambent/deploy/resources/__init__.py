"""What each type of resource is: which calls make, change and delete it."""

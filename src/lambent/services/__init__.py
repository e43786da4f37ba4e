"""AWS services answered here, one folder each, one function per operation."""

"""The AWS services that are not answered here, in a process of their own."""

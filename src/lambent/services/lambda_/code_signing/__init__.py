"""Code signing configs."""

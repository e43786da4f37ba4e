"""What a template says: read, checked, evaluated. Pure."""

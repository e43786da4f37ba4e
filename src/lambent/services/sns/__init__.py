"""SNS, answered here."""

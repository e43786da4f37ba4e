"""Functions with the weaknesses that people ship, for `lambent check` to find."""

"""What a function does when AWS does what it does sooner or later: `lambent torture`."""

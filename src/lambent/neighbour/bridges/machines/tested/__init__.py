"""TestState: a state that is tried by itself."""

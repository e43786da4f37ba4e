"""What should happen: pure decisions (state, event, now) -> (state, effects)."""

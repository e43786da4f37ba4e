"""What EventBridge does: buses, rules and their schedules, archives and replays, API destinations."""

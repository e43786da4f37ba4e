"""EventBridge Scheduler: schedules, their groups and tags."""

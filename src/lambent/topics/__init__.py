"""What SNS does: topics, their subscriptions, and what is published to them, without HTTP."""

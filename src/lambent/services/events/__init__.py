"""EventBridge, answered here: its control plane and PutEvents."""

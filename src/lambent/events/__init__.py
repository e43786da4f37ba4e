"""What waits and what drives: the queue of asynchronous events, deliveries, destinations."""

"""What serves HTTP and WebSocket APIs: their doors."""

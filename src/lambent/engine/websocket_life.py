"""How long a WebSocket connection may last, and when it is closed.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

IDLE_SECONDS = 600.0
LIFE_SECONDS = 7200.0


def deadline(connected: float, active: float) -> float:
    """When a connection is closed unless something comes or goes; all in seconds of one clock."""
    return min(connected + LIFE_SECONDS, active + IDLE_SECONDS)


def is_over(connected: float, active: float, now: float) -> bool:
    """Whether it has lasted too long, or been idle for too long."""
    return now >= deadline(connected, active)

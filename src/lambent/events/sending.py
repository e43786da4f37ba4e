"""How often a message is tried: what may pass, four times within five seconds of real time; the rest, once."""

import logging
from collections.abc import Awaitable, Callable

from lambent.model.delivery import Delivery, DeliveryFailed

log = logging.getLogger(__name__)

PAUSES = (0.2, 1.0, 3.0)
"""Real seconds before each further try."""

Send = Callable[[Delivery], Awaitable[None]]
"""Hand a message to its service; raises DeliveryFailed."""


async def failure(send: Send, message: Delivery, pause: Callable[[float], Awaitable[None]]) -> str | None:
    """Send `message`; answers None, or why it is not delivered. Never raises."""
    for seconds in (*PAUSES, None):
        try:
            await send(message)
        except DeliveryFailed as failed:
            reason, passing = failed.reason, failed.passing
        except Exception as error:
            log.exception("a message of %s could not be sent to %s", message.arn, message.target)
            reason, passing = repr(error), False
        else:
            return None
        if seconds is None or not passing:
            break
        await pause(seconds)
    return reason

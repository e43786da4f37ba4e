"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.events.operations import OPERATIONS, REFUSED

SERVICE = Answered("events", OPERATIONS, REFUSED)

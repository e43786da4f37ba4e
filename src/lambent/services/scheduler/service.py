"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.scheduler.operations import OPERATIONS

SERVICE = Answered("scheduler", OPERATIONS)

"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.logs.operations import OPERATIONS

SERVICE = Answered("logs", OPERATIONS)

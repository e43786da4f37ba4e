"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.cloudformation.operations import OPERATIONS, REFUSED

SERVICE = Answered("cloudformation", OPERATIONS, REFUSED)

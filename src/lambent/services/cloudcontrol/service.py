"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.cloudcontrol.operations import OPERATIONS, REFUSED

SERVICE = Answered("cloudcontrol", OPERATIONS, REFUSED)

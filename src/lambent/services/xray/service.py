"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.xray.operations import OPERATIONS, REFUSED

SERVICE = Answered("xray", OPERATIONS, REFUSED)

"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.sts.operations import OPERATIONS, REFUSED

SERVICE = Answered("sts", OPERATIONS, REFUSED)

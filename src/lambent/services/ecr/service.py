"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.ecr.operations import OPERATIONS, REFUSED

SERVICE = Answered("ecr", OPERATIONS, REFUSED)

"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.lambda_.operations import OPERATIONS
from lambent.services.lambda_.refused import REFUSED

SERVICE = Answered("lambda", OPERATIONS, REFUSED)

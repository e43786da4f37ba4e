"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.codedeploy.operations import OPERATIONS, REFUSED

SERVICE = Answered("codedeploy", OPERATIONS, REFUSED)

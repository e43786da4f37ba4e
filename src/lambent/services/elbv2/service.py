"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.elbv2.operations import OPERATIONS, Asked, takes

SERVICE = Answered("elbv2", OPERATIONS, takes=takes, bind=Asked)

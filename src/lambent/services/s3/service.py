"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.s3.env import Call
from lambent.services.s3.operations import OPERATIONS

SERVICE = Answered("s3", OPERATIONS, bind=Call)

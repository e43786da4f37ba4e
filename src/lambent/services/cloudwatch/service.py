"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.cloudwatch.operations import OPERATIONS, REFUSED

SERVICE = Answered("cloudwatch", OPERATIONS, REFUSED)

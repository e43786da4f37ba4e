"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.sqs.operations import OPERATIONS

SERVICE = Answered("sqs", OPERATIONS)

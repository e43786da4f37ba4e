"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.kinesis.operations import OPERATIONS, REFUSED

SERVICE = Answered("kinesis", OPERATIONS, REFUSED)

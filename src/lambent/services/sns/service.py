"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.sns.operations import OPERATIONS, REFUSED

SERVICE = Answered("sns", OPERATIONS, REFUSED)

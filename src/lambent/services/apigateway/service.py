"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.apigateway.operations import OPERATIONS, REFUSED

SERVICE = Answered("apigateway", OPERATIONS, REFUSED)

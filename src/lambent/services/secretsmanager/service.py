"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.secretsmanager.operations import OPERATIONS, takes

SERVICE = Answered("secretsmanager", OPERATIONS, takes=takes)

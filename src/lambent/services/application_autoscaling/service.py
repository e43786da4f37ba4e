"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.application_autoscaling.namespace import is_lambda
from lambent.services.application_autoscaling.operations import OPERATIONS

SERVICE = Answered("application-autoscaling", OPERATIONS, takes=is_lambda)

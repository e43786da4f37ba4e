"""What the endpoint knows of these services."""

from lambent.services.answered import Answered
from lambent.services.iot.operations import MESSAGES, RULES, is_message, is_of_rules

SERVICE = Answered("iot", RULES, takes=is_of_rules)
DATA = Answered("iot-data", MESSAGES, takes=is_message)

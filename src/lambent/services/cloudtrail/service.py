"""What the endpoint knows of this service."""

from lambent.services.answered import Answered
from lambent.services.cloudtrail.lookup_events import lookup_events, takes

SERVICE = Answered("cloudtrail", {"LookupEvents": lookup_events}, takes=takes)

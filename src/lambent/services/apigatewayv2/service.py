"""What the endpoint knows of HTTP and WebSocket APIs, and of `@connections`."""

from lambent.services.answered import Answered
from lambent.services.apigatewayv2.operations import OPERATIONS, REFUSED
from lambent.services.apigatewayv2.serving.management import OPERATIONS as CONNECTION_OPERATIONS

SERVICE = Answered("apigatewayv2", OPERATIONS, REFUSED)
CONNECTIONS = Answered("apigatewaymanagementapi", CONNECTION_OPERATIONS)

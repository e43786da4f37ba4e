"""The kinds under which HTTP and WebSocket APIs lie in the store, what they share with REST APIs, and the member that a
deployment serves from."""

API = "apigatewayv2:api"
ROUTE = "apigatewayv2:route"
ROUTE_RESPONSE = "apigatewayv2:routeresponse"
INTEGRATION = "apigatewayv2:integration"
INTEGRATION_RESPONSE = "apigatewayv2:integrationresponse"
AUTHORIZER = "apigatewayv2:authorizer"
MODEL = "apigatewayv2:model"
DEPLOYMENT = "apigatewayv2:deployment"
STAGE = "apigatewayv2:stage"
DOMAIN_NAME = "apigatewayv2:domainname"
REST_DOMAIN_NAME = "apigateway:domainname"
API_MAPPING = "apigatewayv2:apimapping"
VPC_LINK = "apigatewayv2:vpclink"

CLIENT_CERTIFICATE = "apigateway:clientcertificate"
API_KEY = "apigateway:apikey"
USAGE_PLAN = "apigateway:usageplan"
USAGE_PLAN_KEY = "apigateway:usageplankey"
USED = "apigateway:usage"
"""What was used: kind in the store, by plan and key: `days` is day (ISO) -> [used, remaining], `more` what a period
(by its first day) may have above the quota."""
ACCOUNT = "apigateway:account"

SNAPSHOT = "Snapshot"
"""The member of a deployment that no client sees: the API's document and, by name of the kind, what belongs to it."""

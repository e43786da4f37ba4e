from prometheus_client import CollectorRegistry, push_to_gateway, start_http_server

start_http_server(9100)  # expect
REGISTRY = CollectorRegistry()


def handler(event, context):
    push_to_gateway("gateway:9091", job="shop", registry=REGISTRY)  # expect

"""Whose a request is: only what scales provisioned concurrency is answered here."""

import orjson

from lambent.wire.http import Request


def is_lambda(request: Request) -> bool:
    """Whether a request is about the namespace lambda, or about no namespace."""
    try:
        document = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return True
    return not isinstance(document, dict) or document.get("ServiceNamespace", "lambda") == "lambda"

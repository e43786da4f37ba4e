"""What API Gateway's control planes are asked for: their actions are the methods of HTTP, their resources paths.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_service-with-iam.html
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from lambent.wire import service as wire_service

PREFIX = "apigateway"
_PLACE = re.compile(r"\{([^}+]+)\+?\}")
_VERSION = re.compile(r"^/v2(?=/)")


def right(service: str, operation: str, params: Mapping[str, Any], region: str) -> tuple[str, str]:
    """The action and the ARN of an operation of the service (botocore's name)."""
    model = wire_service.load(service).operation(operation)
    members = model.input_shape.members.items() if model.input_shape is not None else ()
    values = {said.serialization.get("name", name): str(params.get(name, "")) for name, said in members}
    path = _PLACE.sub(
        lambda found: quote(values.get(found[1], ""), safe=""), model.http["requestUri"].partition("?")[0]
    )
    return f"{PREFIX}:{model.http['method']}", f"arn:aws:apigateway:{region}::{_VERSION.sub('', path)}"

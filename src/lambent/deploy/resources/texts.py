"""What an API that takes text gets for the value of a property."""

import json
from typing import Any


def as_text(value: Any) -> str:
    """Text as it is, switches in lower case, documents as JSON without blanks, as AWS's stacks send them:
    https://github.com/aws/serverless-application-model/blob/develop/integration/combination/test_function_with_sns.py"""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else str(value)

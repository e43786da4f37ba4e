"""Every constraint of every Lambda operation, broken one at a time, is refused in AWS's words."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.serialize import create_serializer

from lambent.wire import parse, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from tests.conformance.lambda_.violating_requests import Broken, broken, good, missing

LAMBDA = service.load("lambda")
OPERATIONS = [name for name in LAMBDA.model.operation_names if LAMBDA.operation(name).input_shape is not None]
SERIALIZER = create_serializer("rest-json", include_validation=False)


def sent(operation: str, params: dict[str, Any]) -> Request:
    """The request that a client makes of `params`."""
    made = SERIALIZER.serialize_to_request(params, LAMBDA.operation(operation))
    query = made["query_string"]
    if isinstance(query, dict):
        query = urlencode(query, doseq=True)
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    path, _, more = made["url_path"].partition("?")
    body = made["body"] if isinstance(made["body"], bytes) else made["body"].encode()
    return Request(made["method"], path, "&".join(filter(None, (more, query))), headers, body)


def refusal(operation: str, params: dict[str, Any]) -> str | None:
    """The text with which a request is refused; None when it is taken."""
    request = sent(operation, params)
    assert LAMBDA.route(request) == operation
    try:
        validate.validate(LAMBDA, operation, parse.parse(LAMBDA, operation, request))
    except Fault as fault:
        assert (fault.code, fault.status) == ("ValidationException", 400), fault
        return str(fault.message)
    return None


def cases(operation: str) -> Iterable[Broken]:
    shape = LAMBDA.operation(operation).input_shape
    yield from missing(shape, good(shape))
    yield from broken(shape)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_good_request_is_taken(operation: str) -> None:
    shape = LAMBDA.operation(operation).input_shape
    assert refusal(operation, good(shape)) is None
    assert refusal(operation, good(shape, everything=True)) is None


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_broken_constraint_is_told(operation: str) -> None:
    wrong = []
    for case in cases(operation):
        count = case.violation.count(" failed to satisfy constraint: ")
        errors = "error" if count == 1 else "errors"
        expected = f"{count} validation {errors} detected: {case.violation}"
        answered = refusal(operation, case.params)
        if answered != expected:
            wrong.append(f"{case.what}\n  expected {expected}\n  answered {answered}")
    assert not wrong, "\n".join(wrong)


def test_it_is_not_in_vain() -> None:
    assert sum(1 for operation in OPERATIONS for _ in cases(operation)) > 900

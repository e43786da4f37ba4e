"""Every protocol case of botocore, in reverse. What fails stands in gaps.json with the reason, and
nothing else does."""

from typing import Any

import pytest
from botocore import parsers
from botocore.awsrequest import HeadersDict
from botocore.eventstream import EventStream
from botocore.model import Shape
from botocore.utils import parse_timestamp
from protocol_cases import Case, as_a_client_sends, cases, gaps, plain, request_of, result_of

from lambent.wire import parse, serialize
from lambent.wire.fault import Fault
from lambent.wire.http import Response

REQUEST_ID = "11111111-2222-3333-4444-555555555555"
INPUT = {case.key: case for case in cases("input")}
OUTPUT = {case.key: case for case in cases("output")}


@pytest.mark.parametrize("key", INPUT, ids="/".join)
def test_a_clients_request_parses_to_its_params(key: tuple[str, str, str]) -> None:
    check(key, lambda: parse_back(INPUT[key]))


@pytest.mark.parametrize("key", OUTPUT, ids="/".join)
def test_a_result_serialises_so_that_the_client_reads_it_back(key: tuple[str, str, str]) -> None:
    check(key, lambda: serialise_and_read(OUTPUT[key]))


def test_every_gap_names_a_case() -> None:
    assert gaps().keys() <= INPUT.keys() | OUTPUT.keys()


def check(key: tuple[str, str, str], run: Any) -> None:
    """The case passes, or fails as a gap: a gap that passes is no gap any more."""
    reason = gaps().get(key)
    if reason is None:
        run()
        return
    with pytest.raises((AssertionError, Fault, KeyError, parsers.ResponseParserError)):
        run()


def parse_back(case: Case) -> None:
    service = case.service()
    request = request_of(case, service)
    assert service.route(request) == case.operation
    params = plain(parse.parse(service, case.operation, request))
    assert as_a_client_sends(case, params) == case.data["params"]


def serialise_and_read(case: Case) -> None:
    service = case.service()
    if "error" in case.data:
        response = serialize.fault(service, case.operation, fault_of(case), REQUEST_ID)
        expected = error_of(case)
    else:
        response = serialize.output(service, case.operation, result_of(case), REQUEST_ID)
        expected = case.data["result"]
    assert response.status == case.data["response"].get("status_code", 200)
    assert plain(read(case, response)) == expected


def fault_of(case: Case) -> Fault:
    members = {key: value for key, value in case.data["error"].items() if key.lower() != "message"}
    return Fault(case.data["errorCode"], case.data.get("errorMessage", ""), members=members)


def error_of(case: Case) -> dict[str, Any]:
    error = {"Code": case.data["errorCode"], "Message": case.data.get("errorMessage", "")}
    return {"Error": error, **case.data["error"]}


def read(case: Case, response: Response) -> dict[str, Any]:
    """What botocore's own parser makes of the response."""
    service = case.service()
    parser = parsers.PROTOCOL_PARSERS[service.protocol](timestamp_parser=seconds_of)
    model = service.operation(case.operation)
    body = Raw(response.body) if model.has_event_stream_output else response.body
    raw = {
        "body": body,
        "headers": HeadersDict(response.headers),
        "status_code": response.status,
        "context": {"operation_name": case.operation},
    }
    parsed = parser.parse(raw, model.output_shape)
    if "error" in case.data:
        shape: Shape | None = service.model.shape_for_error_code(parsed["Error"]["Code"])
        if shape is not None:
            parsed.update(parser.parse(raw, shape))
        parsed["Error"] = {key: parsed["Error"].get(key, "") for key in ("Code", "Message")}
    parsed.pop("ResponseMetadata", None)
    return {key: list(item) if isinstance(item, EventStream) else item for key, item in parsed.items()}


def seconds_of(value: Any) -> float:
    return float(parse_timestamp(value).timestamp())


class Raw:
    """A streamed body as urllib3 gives it."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def stream(self) -> Any:
        yield self._body

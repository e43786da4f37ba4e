"""What moto raises becomes an answer, and a line in the log."""

import json
import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import pytest

from lambent.neighbour import neighbour
from lambent.neighbour.bridges import failing
from lambent.neighbour.patience import TooBusy
from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response


def answer(error: BaseException) -> Response:
    """What moto's process answers when `error` is raised inside it."""
    said: list[Any] = []

    def application(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        raise error

    body = b"".join(failing.answered(application, {}, lambda *arguments: said.extend(arguments)))
    return Response(int(said[0].split()[0]), said[1], body)


def test_what_keeps_moto_busy_is_the_callers_and_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    asked = Asked("ssm", Request("POST", "/", "", {"x-amz-target": "AmazonSSM.CreateDocument"}, b"{}"))
    with pytest.raises(Fault, match="was busy with this request") as fault:
        neighbour._look_for_failure(asked, answer(TooBusy()), "the-id")
    assert (fault.value.code, fault.value.status) == ("LimitExceededException", 400)
    assert "the-id" in caplog.text


def test_it_tells_the_last_line_and_where() -> None:
    [value] = [value for name, value in answer(KeyError("x\nü")).headers if name == failing.HEADER]
    assert value.isascii() and unquote(value).startswith("KeyError: 'x\\nü' (test_failing.py:")


def test_it_is_logged_under_the_requests_id_and_is_the_callers_error(caplog: pytest.LogCaptureFixture) -> None:
    asked = Asked("dynamodb", Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.ListTables"}))
    with caplog.at_level(logging.ERROR), pytest.raises(Fault) as fault:
        neighbour._look_for_failure(asked, answer(ValueError("no")), "the-id")
    assert (fault.value.code, fault.value.status) == ("InternalFailure", 500)
    assert "the-id" in (fault.value.message or "")
    assert "request the-id: moto failed on dynamodb:ListTables: ValueError: no (test_failing.py:" in caplog.text


def test_what_moto_fails_at_because_the_request_breaks_its_model_is_the_callers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rule = {"Name": "r", "Priority": 1}
    said = {"Name": "a", "Scope": "REGIONAL", "DefaultAction": {}, "Rules": [rule]}
    said["VisibilityConfig"] = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    headers = {"x-amz-target": "AWSWAF_20190729.CreateWebACL", "content-type": "application/x-amz-json-1.1"}
    asked = Asked("wafv2", Request("POST", "/", "", headers, json.dumps(said).encode()))
    with pytest.raises(Fault, match=r"rules.1.member.(statement|visibilityConfig)") as fault:
        neighbour._look_for_failure(asked, answer(TypeError("missing")), "id")
    assert (fault.value.code, fault.value.status, caplog.text) == ("ValidationException", 400, "")


def test_what_moto_does_not_have_is_refused_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Fault) as fault:
        neighbour._look_for_failure(Asked("dynamodb", Request("POST", "/")), answer(NotImplementedError("x")), "id")
    assert fault.value.status == 501 and caplog.text == ""


def test_a_service_that_moto_does_not_have_is_refused_by_name(caplog: pytest.LogCaptureFixture) -> None:
    from moto.backends import get_backend

    with pytest.raises(AttributeError) as raised:
        get_backend(None)  # type: ignore[call-overload]
    asked = Asked("accessanalyzer", Request("GET", "/analyzer"))
    with pytest.raises(
        Fault, match="accessanalyzer:ListAnalyzers: NotImplementedError: it has no such service"
    ) as fault:
        neighbour._look_for_failure(asked, answer(raised.value), "id")
    assert (fault.value.status, caplog.text) == (501, "")


def test_a_path_that_no_service_of_motos_has_is_refused_by_name() -> None:
    page = b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested"
    asked = Asked("lexv2-runtime", Request("DELETE", "/bots/b"))
    with pytest.raises(Fault, match="does not support") as fault:
        neighbour._look_for_failure(asked, Response(404, [], page), "id")
    assert fault.value.status == 501
    neighbour._look_for_failure(asked, Response(404, [], b"<Error><Code>NoSuchKey</Code></Error>"), "id")


def test_a_500_that_moto_says_itself_goes_on_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    neighbour._look_for_failure(Asked("s3", Request("GET", "/")), Response(503, [], b"<Code>SlowDown</Code>"), "id")
    assert "request id: moto failed on s3:ListBuckets: 503 b'<Code>SlowDown</Code>'" in caplog.text


def test_a_header_that_counts_once_is_the_services_own() -> None:
    said = [
        ("Server", "Werkzeug"),
        ("Date", "d"),
        ("server", "amazon.com"),
        ("date", "d"),
        ("Vary", "a"),
        ("Vary", "b"),
    ]
    assert neighbour._headers("GET", said) == [("server", "amazon.com"), ("Vary", "a"), ("Vary", "b")]

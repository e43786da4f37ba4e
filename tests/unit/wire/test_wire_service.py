"""Routes of real models, and where a request belongs."""

from dataclasses import replace

import pytest

from lambent.wire import locate, service
from lambent.wire.fault import Fault
from lambent.wire.http import Request


def routed(name: str, method: str, target: str, **headers: str) -> str:
    path, _, query = target.partition("?")
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return service.load(name).route(Request(method, path, query, given))


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("GET", "/2015-03-31/functions/", "ListFunctions"),
        ("GET", "/2015-03-31/functions", "ListFunctions"),
        ("POST", "/2015-03-31/functions", "CreateFunction"),
        ("GET", "/2015-03-31/functions/f", "GetFunction"),
        ("GET", "/2015-03-31/functions/f/", "GetFunction"),
        ("GET", "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f:1", "GetFunction"),
        ("GET", "/2015-03-31/functions/f/configuration?Qualifier=1", "GetFunctionConfiguration"),
        ("POST", "/2015-03-31/functions/f/invocations", "Invoke"),
        ("GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af", "ListTags"),
        ("GET", "/2018-10-31/layers?find=LayerVersion&Arn=a", "GetLayerVersionByArn"),
        ("GET", "/2018-10-31/layers?find=LayerVersion", "GetLayerVersionByArn"),
        ("GET", "/2018-10-31/layers", "ListLayers"),
    ],
)
def test_rest_json_routes(method: str, target: str, operation: str) -> None:
    assert routed("lambda", method, target) == operation


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("GET", "/b", {}, "ListObjects"),
        ("GET", "/b/?list-type=2&prefix=x", {}, "ListObjectsV2"),
        ("GET", "/b?uploads", {}, "ListMultipartUploads"),
        ("GET", "/b?location", {}, "GetBucketLocation"),
        ("PUT", "/b", {}, "CreateBucket"),
        ("POST", "/b?delete", {}, "DeleteObjects"),
        ("GET", "/b/a/b/c", {}, "GetObject"),
        ("GET", "/b/dir/", {}, "GetObject"),
        ("GET", "/b/k?uploadId=u", {}, "ListParts"),
        ("GET", "/b/k?tagging", {}, "GetObjectTagging"),
        ("PUT", "/b/k", {}, "PutObject"),
        ("PUT", "/b/k", {"x_amz_copy_source": "b/o"}, "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {"x_amz_copy_source": "b/o"}, "UploadPartCopy"),
        ("POST", "/b/k?uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b/k?uploadId=u", {}, "CompleteMultipartUpload"),
        ("DELETE", "/b/k?uploadId=u", {}, "AbortMultipartUpload"),
        ("HEAD", "/b", {}, "HeadBucket"),
        ("HEAD", "/b/k", {}, "HeadObject"),
    ],
)
def test_rest_xml_routes(method: str, target: str, headers: dict[str, str], operation: str) -> None:
    assert routed("s3", method, target, **headers) == operation


def test_rpc_routes() -> None:
    assert routed("logs", "POST", "/", x_amz_target="Logs_20140328.PutLogEvents") == "PutLogEvents"
    assert routed("sns", "POST", "/?Action=Publish&Version=2010-03-31") == "Publish"


@pytest.mark.parametrize(
    ("name", "method", "target", "code", "status"),
    [
        ("lambda", "GET", "/2015-03-31/nothing", "UnknownOperationException", 404),
        ("lambda", "BREW", "/2015-03-31/functions", "UnknownOperationException", 404),
        ("logs", "POST", "/", "UnknownOperationException", 400),
        ("sns", "POST", "/", "MissingAction", 400),
        ("sns", "POST", "/?Action=Nothing", "InvalidAction", 400),
        ("s3", "BREW", "/b", "MethodNotAllowed", 405),
    ],
)
def test_what_no_operation_is_for(name: str, method: str, target: str, code: str, status: int) -> None:
    with pytest.raises(Fault) as caught:
        routed(name, method, target)
    assert (caught.value.code, caught.value.status) == (code, status)


def test_labels_are_decoded_and_greedy_ones_keep_their_slashes() -> None:
    routes = service.load("s3").routes
    request = Request("GET", "/b/a%20b/%C3%BC%2Fc/")
    assert routes.labels("GetObject", request) == {"Bucket": "b", "Key": "a b/ü/c/"}


def test_a_request_that_is_sent_on_as_another_is_routed_anew() -> None:
    s3 = service.load("s3")
    request = Request("POST", "/b/k", "uploads")
    assert [s3.route(request), s3.route(request)] == ["CreateMultipartUpload"] * 2
    assert s3.routes.labels("CreateMultipartUpload", request) == {"Bucket": "b", "Key": "k"}
    assert s3.route(replace(request, method="PUT", query="")) == "PutObject"
    assert s3.route(replace(request, method="PUT", query="", headers={"x-amz-copy-source": "b/a"})) == "CopyObject"
    assert s3.routes.labels("PutObject", replace(request, method="PUT", path="/c/d")) == {"Bucket": "c", "Key": "d"}


def test_a_service_is_loaded_once() -> None:
    assert service.load("lambda") is service.load("lambda")


def signed(name: str, **headers: str) -> dict[str, str]:
    scope = f"AKID/20260101/eu-west-1/{name}/aws4_request"
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"} | given


FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (Request("GET", "/2015-03-31/functions", headers=signed("lambda")), "lambda"),
        (Request("POST", "/", headers=signed("logs", x_amz_target="Logs_20140328.PutLogEvents")), "logs"),
        (Request("GET", "/b", headers=signed("s3")), "s3"),
        (Request("GET", "/v20180820/jobs", headers=signed("s3")), "s3control"),
        (Request("GET", "/v2/apis", headers=signed("apigateway")), "apigatewayv2"),
        (Request("GET", "/restapis", headers=signed("apigateway")), "apigateway"),
        (
            Request("POST", "/", headers=signed("dynamodb", x_amz_target="DynamoDBStreams_20120810.ListStreams")),
            "dynamodbstreams",
        ),
        (
            Request("POST", "/", "", signed("ses", content_type=FORM), b"Action=SendEmail&Version=2010-12-01"),
            "ses",
        ),
        (Request("POST", "/v2/email/outbound-emails", headers=signed("ses")), "sesv2"),
        (Request("GET", "/b/k", "X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"), "s3"),
        (Request("POST", "/", headers={"x-amz-target": "AmazonSQS.SendMessage"}), "sqs"),
        (
            Request(
                "POST",
                "/",
                "",
                {"content-type": FORM},
                b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15",
            ),
            "sts",
        ),
        (Request("GET", "/", "Action=Unsubscribe&SubscriptionArn=a"), "sns"),
        (Request("GET", "/", "Action=ConfirmSubscription&TopicArn=a&Token=t"), "sns"),
        (Request("GET", "/", "Action=Publish"), None),
        (Request("GET", "/"), None),
        (Request("GET", "/", headers=signed("no-such-service")), None),
    ],
)
def test_the_service_of_a_request(request_: Request, name: str | None) -> None:
    assert locate.service_of(request_) == name


def test_a_credential_from_the_header_and_from_the_query() -> None:
    expected = locate.Credential("AKID", "20260101", "eu-west-1", "s3")
    query = "X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=x"
    assert locate.credential_of(Request("GET", "/", headers=signed("s3"))) == expected
    assert locate.credential_of(Request("GET", "/", query)) == expected
    assert locate.credential_of(Request("GET", "/", headers={"authorization": "Bearer x"})) is None


def test_every_service_of_botocore_is_in_the_index() -> None:
    names = {entry.name for entry in locate.index()}
    assert {"lambda", "logs", "s3", "sqs", "dynamodb", "ec2"} <= names
    assert len(names) > 300


@pytest.mark.parametrize(
    ("name", "operation", "code"),
    [
        ("lambda", "CreateFunction", "ServiceException"),
        ("sns", "Publish", "InternalError"),
        ("scheduler", "CreateSchedule", "InternalServerException"),
        ("s3", "PutObject", "InternalError"),
        ("cloudformation", "CreateStack", "InternalFailure"),
        ("apigateway", None, "InternalFailure"),
    ],
)
def test_each_service_has_a_name_for_its_own_errors(name: str, operation: str | None, code: str) -> None:
    assert service.load(name).internal_error(operation) == code

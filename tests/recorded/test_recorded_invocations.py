"""What functions see and answer, on the runtimes that Lambent runs."""

import base64
import json
import os
import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

import pytest

from tests.e2e.conftest import Server
from tests.recorded.replaying import Endpoint, Said, package, replays, variant, variants, wait_until, without


@pytest.fixture(autouse=True)
def _namespaces(recorded_server: Server) -> None:
    """What a function sees is what AWS shows where the machine has namespaces for it."""
    if isolation(recorded_server.endpoint)["level"] != "namespace":
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs root or user namespaces")


def isolation(url: str) -> dict[str, Any]:
    """The level and the promises of the server there."""
    with urllib.request.urlopen(f"{url}/_lambent/health") as answer:
        said: dict[str, Any] = json.load(answer)["isolation"]
    return said


COMMON = "common::TestLambdaRuntimesCommon::test_"
SHAPE: dict[str, Any] = {"Timeout": 30, "Environment": {"Variables": {}}}

INTROSPECT_PYTHON = """
import os

def handler(event, context):
    return {
        "ctx": {
            "aws_request_id": context.aws_request_id,
            "function_name": context.function_name,
            "function_version": context.function_version,
            "invoked_function_arn": context.invoked_function_arn,
            "log_group_name": context.log_group_name,
            "log_stream_name": context.log_stream_name,
            "memory_limit_in_mb": context.memory_limit_in_mb,
            "remaining_time_in_millis": context.get_remaining_time_in_millis(),
        },
        "environment": dict(os.environ),
        "packages": [],
    }
"""
INTROSPECT_NODE = """
exports.handler = async (event, context) => ({
  ctx: {
    aws_request_id: context.awsRequestId,
    function_name: context.functionName,
    function_version: context.functionVersion,
    invoked_function_arn: context.invokedFunctionArn,
    log_group_name: context.logGroupName,
    log_stream_name: context.logStreamName,
    remaining_time_in_millis: context.getRemainingTimeInMillis(),
  },
  environment: process.env,
  packages: [],
});
"""
BOOTSTRAP = """#!/usr/bin/env python3
import http.client, json, os
with open("/proc/self/environ", "rb") as file:
    environment = dict(one.decode().split("=", 1) for one in file.read().split(b"\\0") if one)
host, where = os.environ["AWS_LAMBDA_RUNTIME_API"], "/2018-06-01/runtime/invocation/"

def ask(method, path, body=None):
    connection = http.client.HTTPConnection(host)
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.read(), answer.headers

while True:
    event, headers = ask("GET", where + "next")
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    if os.environ.get("FAILS"):
        ask("POST", where + request_id + "/error", json.dumps(ERROR))
        continue
    ctx = {
        "aws_request_id": request_id,
        "deadline": int(headers["Lambda-Runtime-Deadline-Ms"]),
        "function_name": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "function_version": os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        "invoked_function_arn": headers["Lambda-Runtime-Invoked-Function-Arn"],
        "log_group_name": os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        "log_stream_name": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        "memory_limit_in_mb": int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]),
    }
    environment["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
    ask("POST", where + request_id + "/response", json.dumps({"ctx": ctx, "environment": environment, "packages": []}))
"""
INTROSPECT = {
    "python": {"handler.py": INTROSPECT_PYTHON},
    "nodejs": {"index.js": INTROSPECT_NODE},
    "provided": {"bootstrap": BOOTSTRAP},
}
FAIL = {
    "python": {"handler.py": "def handler(event, context):\n    raise Exception('Failed: ' + event['error_msg'])\n"},
    "nodejs": {"index.js": "exports.handler = async (event) => { throw new Error('Error: ' + event.error_msg); };\n"},
}
WRAPPER = '#!/bin/bash\nexport WRAPPER_VAR=test-content\nexec "$@"\n'


def family(runtime: str) -> str:
    """`python`, `nodejs` or `provided`."""
    return next(name for name in INTROSPECT if runtime.startswith(name))


def payload_of(answer: Any) -> Any:
    """The payload alone, as JSON."""
    return json.loads(answer["Payload"].read())


def recorded_shape(said: Said, key: str) -> dict[str, Any]:
    """The settings that a recorded CreateFunction was sent."""
    recorded = said.answers[key]
    recorded = recorded.get("CreateFunctionResponse", recorded)
    names = ("Environment", "Handler", "MemorySize", "Runtime", "Timeout", "Description")
    return {name: recorded[name] for name in names if name in recorded}


@replays(*variants(COMMON + "introspection_invoke["))
def test_what_a_function_sees(aws: Endpoint, said: Said, recorded: str) -> None:
    files = INTROSPECT[family(variant(recorded))]
    shape = recorded_shape(said, "create_function_result")
    said("create_function_result", aws.made("f", Code={"ZipFile": package(files)}, **shape))
    invoke = aws.lambda_.invoke
    said("invocation_result_payload", payload_of(invoke(FunctionName="f", Payload=b"{}")))
    qualified = invoke(FunctionName="f", Payload=b"{}", Qualifier="$LATEST")
    said("invocation_result_payload_qualified", payload_of(qualified))


@replays(*variants(COMMON + "uncaught_exception_invoke["))
def test_an_exception_that_nobody_catches(aws: Endpoint, said: Said, recorded: str) -> None:
    shape = recorded_shape(said, "create_function_result")
    files = FAIL.get(family(variant(recorded)))
    if files is None:
        error = said.answers["error_result"]["Payload"]
        files = {"bootstrap": BOOTSTRAP.replace("ERROR", repr(error)).replace('os.environ.get("FAILS")', "True")}
    said("create_function_result", aws.made("f", Code={"ZipFile": package(files)}, **shape))
    answer = aws.lambda_.invoke(FunctionName="f", Payload=b'{"error_msg": "some_error_msg"}')
    # AWS's client for Python 3.8 is too old to name the request.
    old = "requestId" if variant(recorded) == "python3.8" else ""
    said("error_result", answer, lambda ours: ours | {"Payload": without(old)(ours["Payload"])})


@replays(*variants(COMMON + "runtime_wrapper_invoke["))
def test_a_wrapper(aws: Endpoint, said: Said, recorded: str) -> None:
    shape = recorded_shape(said, "create_function_result")
    files = {**INTROSPECT[family(variant(recorded))], "environment_wrapper": WRAPPER}
    said("create_function_result", aws.made("f", Code={"ZipFile": package(files)}, **shape))
    seen = payload_of(aws.lambda_.invoke(FunctionName="f", Payload=b"{}"))
    assert seen["environment"]["WRAPPER_VAR"] == "test-content"


FEATURES = "lambda::TestLambdaFeatures::test_"
ECHO = {"python": {"handler.py": "def handler(event, context):\n    print(event)\n    return event\n"}}


@replays(FEATURES + "invoke_exceptions")
def test_no_function_to_invoke(aws: Endpoint, said: Said) -> None:
    said.refused("invoke_function_doesnotexist", aws.lambda_.invoke, FunctionName="doesnotexist", Payload=b"{}")


@replays(*variants(FEATURES + "invocation_type_no_return_payload["))
def test_a_function_that_returns_nothing(aws: Endpoint, said: Said, recorded: str) -> None:
    language, _, how = variant(recorded).partition("-")
    python = {"Code": {"ZipFile": package("def handler(event, context):\n    pass\n")}}
    node = {
        "Code": {"ZipFile": package({"index.js": "exports.handler = async () => {};\n"})},
        "Runtime": "nodejs20.x",
        "Handler": "index.handler",
    }
    aws.made("f", **(python if language == "python" else node))
    answer = aws.lambda_.invoke(FunctionName="f", Payload=b"{}", InvocationType=how)
    said("invoke-result", answer, lambda ours: ours | {"Payload": _as_text(ours["Payload"])})


def _as_text(payload: Any) -> str:
    return payload if isinstance(payload, str) else json.dumps(payload)


@replays(*variants(FEATURES + "invocation_with_logs["))
def test_the_tail_of_the_log(aws: Endpoint, said: Said, recorded: str) -> None:
    runtime = variant(recorded)
    files = {
        "python": ECHO["python"],
        "nodejs": {"index.js": "exports.handler = async (event) => { console.log(event); return event; };\n"},
    }[family(runtime)]
    handler = "handler.handler" if runtime.startswith("python") else "index.handler"
    aws.made("f", Runtime=runtime, Handler=handler, Code={"ZipFile": package(files)})
    answer = aws.lambda_.invoke(FunctionName="f", Payload=b"{}", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    said("invoke", answer, lambda ours: ours | {"LogResult": "log-result"})
    said("logs", {"logs": [line.replace(_date_of(line), "date") for line in tail.splitlines(keepends=True)]})


def _date_of(line: str) -> str:
    """The time at the begin of a line of Node.js's console."""
    first = line.partition("\t")[0]
    return first if first[:2] == "20" else "\0"


QUALIFIED = """
import logging

def handler(event, context):
    print("Lambda log message - print function")
    logging.getLogger().setLevel(logging.INFO)
    logging.info("Lambda log message - logging module")
    names = (
        "aws_request_id", "client_context", "function_name", "function_version", "invoked_function_arn",
        "log_group_name", "log_stream_name", "memory_limit_in_mb",
    )
    return {"context": {name: getattr(context, name) for name in names}, "event": event}
"""


@replays(FEATURES + "invocation_with_qualifier")
def test_a_version_is_invoked(aws: Endpoint, said: Said) -> None:
    made = aws.made("f", Timeout=10, Publish=True, Code={"ZipFile": package(QUALIFIED)})
    said("creation-response", made)
    aws.settled("f", "1")
    event = json.dumps({"foo": "bar with 'quotes\""}).encode()
    answer = aws.lambda_.invoke(FunctionName="f", Payload=event, Qualifier="1", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    said("invocation-response", answer)
    lines = [line for line in tail.splitlines() if line.strip() and not line.startswith(("REPORT", "INIT"))]
    shown = [_with_date(line) for line in lines]
    said("log_result", {"log_result": shown})


def _with_date(line: str) -> str:
    parts = line.split("\t")
    if len(parts) > 2 and parts[0] == "[INFO]":
        parts[1] = "date"
    return "\t".join(parts)


@replays("lambda::TestLambdaBaseFeatures::test_function_state")
def test_the_state_of_a_function(aws: Endpoint, said: Said) -> None:
    said("create-fn-response", aws.made("f", **recorded_shape(said, "create-fn-response")))
    said("get-fn-response", aws.lambda_.get_function(FunctionName="f"))


BEHAVIOR = "lambda::TestLambdaBehavior::test_"
COUNTER = {
    "python": "counter = -1\n\ndef handler(event, context):\n"
    "    global counter\n    counter += 1\n    return {'counter': counter}\n",
    "nodejs": "let counter = -1;\nexports.handler = async () => ({ counter: ++counter });\n",
}


@replays(*variants(BEHAVIOR + "lambda_cache_local["))
def test_what_stays_between_invocations(aws: Endpoint, said: Said, recorded: str) -> None:
    language = variant(recorded)
    python = {"Code": {"ZipFile": package(COUNTER["python"])}}
    node = {
        "Code": {"ZipFile": package({"index.js": COUNTER["nodejs"]})},
        "Runtime": "nodejs20.x",
        "Handler": "index.handler",
    }
    aws.made("f", **(python if language == "python" else node))
    said("first_invoke_result", aws.lambda_.invoke(FunctionName="f", Payload=b"{}"))
    said("second_invoke_result", aws.lambda_.invoke(FunctionName="f", Payload=b"{}"))


@replays(BEHAVIOR + "lambda_init_environment")
def test_what_the_init_phase_sees(aws: Endpoint, said: Said) -> None:
    code = "import os\n\nENVIRONMENT = dict(os.environ)\n\ndef handler(event, context):\n"
    code += "    return {'environment': ENVIRONMENT | {'_X_AMZN_TRACE_ID': os.environ['_X_AMZN_TRACE_ID']}}\n"
    made = aws.made("f", Code={"ZipFile": package(code)}, **recorded_shape(said, "create-result"))
    said.created("create-result", made)
    said("lambda-init-inspection", aws.lambda_.invoke(FunctionName="f", Payload=b"{}"))


@replays(BEHAVIOR + "lambda_invoke_with_timeout")
def test_a_timeout(aws: Endpoint, said: Said) -> None:
    code = "import time\n\ndef handler(event, context):\n    time.sleep(10)\n"
    made = aws.made("f", Code={"ZipFile": package(code)}, **recorded_shape(said, "create-result"))
    said.created("create-result", made)
    said("invoke-result", aws.lambda_.invoke(FunctionName="f", Payload=b"{}"))


@replays(BEHAVIOR + "mixed_architecture")
def test_another_architecture(aws: Endpoint, said: Said) -> None:
    made = aws.made("f", Architectures=["x86_64"], **recorded_shape(said, "create_function_response"))
    said.created("create_function_response", made)
    update = aws.lambda_.update_function_code(FunctionName="f", ZipFile=package(), Architectures=["arm64"])
    said("update_function_code_response", update)


ERRORS = "lambda::TestLambdaErrors::test_"


def _invoked(aws: Endpoint, code: str | dict[str, str | bytes], **settings: Any) -> Any:
    aws.made("f", Code={"ZipFile": package(code)}, **settings)
    return aws.lambda_.invoke(FunctionName="f", Payload=b"{}")


@replays(ERRORS + "lambda_handler_exit")
def test_a_handler_that_exits(aws: Endpoint, said: Said) -> None:
    code = "import sys\n\ndef handler(event, context):\n    sys.exit(0)\n"
    said("invocation_error", _invoked(aws, code))


@replays(ERRORS + "lambda_runtime_error")
def test_a_module_that_fails(aws: Endpoint, said: Said) -> None:
    files = {"lambda_runtime_error.py": 'raise Exception("Runtime startup fails")\n'}
    answer = _invoked(aws, files, Runtime="python3.13", Handler="lambda_runtime_error.handler")
    frames = said.answers["invocation_error"]["Payload"]["stackTrace"]
    said("invocation_error", answer, lambda ours: ours | {"Payload": _of_any_python(ours["Payload"], frames)})


def _of_any_python(payload: Any, recorded: list[str]) -> Any:
    """An error with the recorded frames wherever ours differ by the Python version and its line numbers only."""

    def plain(frame: str) -> str:
        return re.sub(r"python3\.\d+|line \d+|        \^+\n", "", frame)

    pairs = zip_longest(payload["stackTrace"], recorded, fillvalue="")
    return payload | {"stackTrace": [theirs if plain(ours) == plain(theirs) else ours for ours, theirs in pairs]}


@replays(ERRORS + "lambda_runtime_exit_segfault")
def test_a_module_that_crashes(aws: Endpoint, said: Said) -> None:
    code = "import ctypes\n\nctypes.string_at(0)\n\ndef handler(event, context):\n    pass\n"
    said("invocation_error", _invoked(aws, code, Timeout=30))


@replays(ERRORS + "lambda_runtime_wrapper_not_found")
def test_a_wrapper_that_is_not_there(aws: Endpoint, said: Said) -> None:
    missing = {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist.sh"}}
    said("invocation_error", _invoked(aws, "def handler(event, context):\n    pass\n", Environment=missing))


@replays(*variants(ERRORS + "lambda_invoke_payload_encoding_error["))
def test_payloads_that_are_no_json(aws: Endpoint, said: Said, recorded: str) -> None:
    what, _, payload = variant(recorded).partition("-")
    aws.made("f")
    sent = payload.encode("latin-1").decode("unicode_escape").encode("latin-1")
    key = f"invoke_function_invalid_payload_{what}"
    said.refused(key, aws.lambda_.invoke, FunctionName="f", Payload=sent)


CONCURRENCY = "lambda::TestLambdaConcurrency::test_"


@replays(CONCURRENCY + "lambda_concurrency_crud")
def test_reserved_concurrency_comes_and_goes(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f")
    said("get_function_concurrency_default", client.get_function_concurrency(**one))
    said("put_function_concurrency", client.put_function_concurrency(**one, ReservedConcurrentExecutions=0))
    said("get_function_concurrency_updated", client.get_function_concurrency(**one))
    client.delete_function_concurrency(**one)
    said("get_function_concurrency_deleted", client.get_function_concurrency(**one))


@replays(CONCURRENCY + "lambda_concurrency_update")
def test_reserved_concurrency_of_a_function(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f", **SHAPE)
    said("put_function_concurrency", client.put_function_concurrency(**one, ReservedConcurrentExecutions=3))
    said("get_function_concurrency_updated", client.get_function_concurrency(**one))
    said("get_function_concurrency_info", client.get_function(**one))
    client.delete_function_concurrency(**one)
    said("get_function_concurrency_deleted", client.get_function_concurrency(**one))


ALIASES = "lambda::TestLambdaAliases::test_"
ALIASED = """
def handler(event, context):
    return {
        "version_id": "%s",
        "invoked_arn": context.invoked_function_arn,
        "version_from_ctx": context.function_version,
    }
"""


@replays(ALIASES + "lambda_alias_moving")
def test_an_alias_moves(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    shape = {**recorded_shape(said, "create_response"), "Code": {"ZipFile": package(ALIASED % "version1")}}
    said("create_response", aws.made("f", **shape))
    client.publish_version(**one, Description="First version description :)")
    created = client.create_alias(**one, Name="alias1", FunctionVersion="1")
    said("create_alias_response", created)
    alias = {**one, "Qualifier": "alias1", "Payload": b"{}"}
    said("invocation_result_qualifier_v1", client.invoke(**alias))
    said("invocation_result_qualifier_v1_arn", client.invoke(FunctionName=created["AliasArn"], Payload=b"{}"))
    update = client.update_function_code(**one, ZipFile=package(ALIASED % "version2"))
    said("update_lambda_response", update)
    aws.settled("f")
    said("invocation_result_qualifier_v1_after_update", client.invoke(**alias))
    published = client.publish_version(**one, Description="Second version description :)")
    said("second_publish_response", published)
    said("invocation_result_qualifier_v1_after_publish", client.invoke(**alias))
    said("update_alias_response", client.update_alias(**one, Name="alias1", FunctionVersion="2"))
    said("invocation_result_qualifier_v2", client.invoke(**alias))
    missing = {**alias, "Qualifier": "non-existent-alias"}
    said.refused("invocation_exc_not_existent", client.invoke, **missing)


LIFE = "lambda::TestLambdaVersions::test_"
TWO_HANDLERS = """
def handler(event, context):
    return {"handler": "handler"}

def handler_two(event, context):
    return {"handler": "handler_two"}
"""


@replays(LIFE + "lambda_handler_update")
def test_another_handler(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f", Code={"ZipFile": package(TWO_HANDLERS)}, **SHAPE)
    said("invoke_result_handler_one", client.invoke(**one, Payload=b"{}"))
    update = client.update_function_configuration(**one, Handler="handler.handler_two")
    said("update_function_configuration_result", update)
    aws.settled("f")
    said("get_function_result", client.get_function(**one))
    said("invoke_result_handler_two", client.invoke(**one, Payload=b"{}"))
    client.publish_version(**one)
    said("invoke_result_handler_two_postpublish", client.invoke(**one, Payload=b"{}"))


SLOW = """
import time

def handler(event, context):
    time.sleep(event["sleep"])
    return {
        "function_version": context.function_version,
        "request_id": context.aws_request_id,
        "request_prefix": event["request_prefix"],
        "function_variant": "%s",
    }
"""


@replays(LIFE + "function_update_during_invoke")
def test_an_update_during_an_invocation(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f", Code={"ZipFile": package(SLOW % "variant-1")}, Timeout=20)
    event = json.dumps({"sleep": 1, "request_prefix": "1-sleep"}).encode()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.invoke, **one, Payload=event)
        time.sleep(0.5)  # the invocation is under way
        client.update_function_code(**one, ZipFile=package(SLOW % "variant-2"))
        aws.settled("f")
        said("invoke_response_before", slow.result())


@replays(FEATURES + "lambda_environment")
def test_variables(aws: Endpoint, said: Said) -> None:
    """Recorded in 2022: what functions have been shown with since then is left out."""
    code = "import os\n\ndef handler(event, context):\n    return {'Hello': os.environ['Hello']}\n"
    younger = without("LoggingConfig", "RuntimeVersionConfig", "SnapStart")
    made = aws.made("f", Code={"ZipFile": package(code)}, **recorded_shape(said, "creation-result"))
    said("creation-result", made, lambda ours: {"CreateFunctionResponse": younger(ours)})
    said("get-configuration-result", aws.lambda_.get_function_configuration(FunctionName="f"), younger)
    said("invocation-result", aws.lambda_.invoke(FunctionName="f", Payload=b"{}"))


def _published(endpoint: Endpoint) -> Any:
    """A function with version 1."""
    endpoint.made("f", **SHAPE)
    return endpoint.lambda_.publish_version(FunctionName="f")


@replays(CONCURRENCY + "provisioned_concurrency")
def test_provisioned_concurrency(held: Endpoint, said: Said) -> None:
    _provision(held, said, "1", 5)


@replays(CONCURRENCY + "provisioned_concurrency_on_alias")
def test_provisioned_concurrency_of_an_alias(held: Endpoint, said: Said) -> None:
    _published(held)
    held.lambda_.create_alias(FunctionName="f", Name="alias1", FunctionVersion="1")
    _provision(held, said, "alias1", 5)


def _provision(held: Endpoint, said: Said, qualifier: str, places: int) -> None:
    client, one = held.lambda_, {"FunctionName": "f", "Qualifier": qualifier}
    if qualifier == "1":
        _published(held)
    put = client.put_provisioned_concurrency_config(**one, ProvisionedConcurrentExecutions=places)
    said("put_provisioned_5", put)
    said("get_provisioned_prewait", client.get_provisioned_concurrency_config(**one))
    held.settled("f")
    said("get_provisioned_postwait", client.get_provisioned_concurrency_config(**one))


@replays(CONCURRENCY + "provisioned_concurrency_init_failure")
def test_provisioned_concurrency_of_a_function_that_fails(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f", "Qualifier": "1"}
    aws.made("f", **SHAPE, Code={"ZipFile": package("import time\ntime.sleep(1)\nraise OSError\n")})
    client.publish_version(FunctionName="f")
    said("put_provisioned", client.put_provisioned_concurrency_config(**one, ProvisionedConcurrentExecutions=1))
    said("get_provisioned_prewait", client.get_provisioned_concurrency_config(**one))
    while (config := client.get_provisioned_concurrency_config(**one))["Status"] == "IN_PROGRESS":
        time.sleep(0.05)
    said("get_provisioned_postwait", config)


@replays(CONCURRENCY + "reserved_provisioned_overlap")
def test_reserved_and_provisioned_concurrency(held: Endpoint, aws: Endpoint, said: Said) -> None:
    client, one, version = held.lambda_, {"FunctionName": "f"}, {"FunctionName": "f", "Qualifier": "1"}
    put, reserve = client.put_provisioned_concurrency_config, client.put_function_concurrency
    _published(held)
    said("put_provisioned_5", put(**version, ProvisionedConcurrentExecutions=2))
    said("get_provisioned_prewait", client.get_provisioned_concurrency_config(**version))
    held.settled("f")
    said("get_provisioned_postwait", client.get_provisioned_concurrency_config(**version))
    said.refused("reserved_lower_than_provisioned_exc", reserve, **one, ReservedConcurrentExecutions=1)
    reserve(**one, ReservedConcurrentExecutions=2)
    said("get_concurrency", client.get_function_concurrency(**one))
    more = {"ProvisionedConcurrentExecutions": 3}
    said.refused("reserved_equals_provisioned_increase_provisioned_exc", put, **version, **more)
    said("update_func_config", client.update_function_configuration(**one, Timeout=15))
    held.settled("f")
    second = client.publish_version(**one)["Version"]
    other = {**one, "Qualifier": second, "ProvisionedConcurrentExecutions": 1}
    said.refused("reserved_equals_provisioned_another_provisioned_exc", put, **other)
    _published(aws)
    aws.lambda_.put_provisioned_concurrency_config(**version, ProvisionedConcurrentExecutions=2)
    aws.lambda_.put_function_concurrency(**one, ReservedConcurrentExecutions=2)
    said.refused("reserved_equals_provisioned_latest_invoke_exc", aws.lambda_.invoke, **one, Payload=b"{}")


URLS = "lambda::TestLambdaURL::test_"
ANSWERS: dict[str, Any] = {
    "boolean": True,
    "dict": {"hello": "world"},
    "float": 3.1,
    "http-response": {"statusCode": 200, "body": "body123"},
    "http-response-json": {"statusCode": 200, "body": '{"hello": "world"}'},
    "integer": 3,
    "list-mixed": ["hello", 3, True],
    "string": "hello",
}
STREAMS = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, {statusCode: 200});
  stream.write("Hello, ");
  stream.write("world!");
  stream.end();
});
"""


def _node(code: str) -> dict[str, Any]:
    made = {"Runtime": "nodejs22.x", "Handler": "index.handler", "Timeout": 30}
    return made | {"Code": {"ZipFile": package({"index.js": code})}}


def _fetched(url: str, path: str = "", **sent: Any) -> dict[str, Any]:
    """An answer of a function URL, as recorded: JSON read."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, **sent)) as response:
            status, headers, content = response.status, dict(response.headers), response.read().decode()
    except urllib.error.HTTPError as error:
        status, headers, content = error.code, dict(error.headers), error.read().decode()
    parsed = json.loads(content) if content.startswith("{") else content
    return {"content": parsed, "headers": headers, "statuscode": status, "status_code": status}


def _local(url: str, aws: Endpoint) -> str:
    """A function URL as a client without a resolver for *.localhost asks it."""
    identifier = url.split("/")[2].partition(".")[0]
    return f"{aws.url}/_aws/lambda-url/{identifier}/"


def _shown(answer: dict[str, Any], *members: str, headers: tuple[str, ...] = ()) -> dict[str, Any]:
    """What was recorded of an answer."""
    return {member: answer[member] for member in members} | (
        {"headers": {name: answer["headers"][name] for name in headers}} if headers else {}
    )


@replays(*variants(URLS + "lambda_url_echo_invoke["), *variants(URLS + "lambda_url_invocation["))
def test_a_function_url(aws: Endpoint, said: Said, recorded: str) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    answer = ANSWERS.get(variant(recorded))
    aws.made("f", **_node(f"exports.handler = async event => ({json.dumps(answer) if answer else 'event'})"))
    mode = said.answers["create_lambda_url_config"].get("InvokeMode")
    asked = {**one, "AuthType": "NONE", **({"InvokeMode": mode} if mode else {})}
    url = said("create_lambda_url_config", client.create_function_url_config(**asked))["FunctionUrl"]
    said("add_permission", _open_url(client))
    fetched = _fetched(_local(url, aws))
    if answer is not None:
        headers = ("Content-Length", "Content-Type")
        said("lambda_url_invocation", _shown(fetched, "content", "statuscode", headers=headers))
    else:
        assert (fetched["statuscode"], fetched["content"]["version"]) == (200, "2.0")


def _open_url(client: Any, **qualifier: str) -> Any:
    """Everybody may use the function's URL."""
    return client.add_permission(
        FunctionName="f",
        StatementId="urlPermission",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
        **qualifier,
    )


@replays(URLS + "function_url_with_response_streaming")
def test_a_function_url_that_streams(aws: Endpoint, said: Said) -> None:
    aws.made("f", **_node(STREAMS))
    asked = {"FunctionName": "f", "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"}
    url = aws.lambda_.create_function_url_config(**asked)["FunctionUrl"]
    _open_url(aws.lambda_)
    fetched = _fetched(_local(url, aws))
    said("response_data", fetched["content"])
    said("response_status", fetched["statuscode"])


@replays(URLS + "lambda_url_form_payload")
def test_a_form_that_is_sent_to_a_function_url(aws: Endpoint, said: Said) -> None:
    """The function of the recording told what it was sent in its own words; the event's members are compared."""
    aws.made("f", **_node("exports.handler = async event => event"))
    url = aws.lambda_.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    _open_url(aws.lambda_)
    recorded = said.answers["url_response"]
    sent = {name: recorded["headers"][name] for name in ("accept", "accept-encoding", "content-type", "user-agent")}
    form = base64.b64decode(recorded["data"])
    sent["Host"] = f"{url.split('/')[2].partition('.')[0]}.lambda-url.us-east-1.on.aws"
    event = _fetched(aws.url, "/test/value", data=form, headers=sent)["content"]
    context, headers = event["requestContext"], event["headers"]
    said(
        "url_response",
        {
            "args": event.get("queryStringParameters", {}),
            "data": event["body"],
            "domain": context["domainName"],
            "headers": {name: headers[name] for name in recorded["headers"]},
            "method": context["http"]["method"],
            "origin": context["http"]["sourceIp"],
            "path": event["rawPath"],
        },
    )


@replays(URLS + "lambda_url_persists_after_alias_delete")
def test_the_url_of_an_alias_that_goes(aws: Endpoint, said: Said) -> None:
    client, one = aws.lambda_, {"FunctionName": "f"}
    aws.made("f")
    client.create_alias(**one, Name="url", FunctionVersion="$LATEST")
    asked = {**one, "Qualifier": "url", "AuthType": "NONE", "InvokeMode": "BUFFERED"}
    answer = client.create_function_url_config(**asked)
    said(
        "create_lambda_url_config",
        answer,
        lambda ours: ours | {"FunctionArn": ours["FunctionArn"].removesuffix(":url")},
    )
    _open_url(client, Qualifier="url")
    url = _local(answer["FunctionUrl"], aws)
    said("invoke_aliased_url_response", _shown(_fetched(url), "status_code"))
    said("delete_alias_resp", client.delete_alias(**one, Name="url"))
    refused = _shown(_fetched(url), "content", "status_code", headers=("x-amzn-ErrorType",))
    said("invoke_deleted_alias_url_response_delayed", refused)


@replays("lambda::TestRequestIdHandling::test_request_id_invoke_url")
def test_a_function_url_with_request_ids(aws: Endpoint, said: Said) -> None:
    aws.made("f", **_node('exports.handler = async () => "hi"'))
    url = aws.lambda_.create_function_url_config(FunctionName="f", AuthType="NONE")
    said("create_lambda_url_config", url)
    said("add_permission", _open_url(aws.lambda_))
    fetched = _fetched(_local(url["FunctionUrl"], aws))
    said("lambda_url_invocation", _shown(fetched, "content", "statuscode", headers=("x-amzn-RequestId",)))
    logs = aws.client("logs")

    def ends() -> list[str]:
        found = logs.filter_log_events(logGroupName="/aws/lambda/f", filterPattern="END")["events"]
        return [event["message"].rstrip() for event in found]

    said("end_log_entries", wait_until(ends))


INSPECT = """
import getpass, grp, os, platform, pwd, stat, subprocess

PATHS = {"_lambda-entrypoint.sh": "/lambda-entrypoint.sh", "_opt": "/opt", "_tmp": "/tmp", "_var_task": "/var/task"}

def handler(event, context):
    paths = {}
    for name, path in PATHS.items():
        if not os.path.exists(path):
            continue
        found = os.stat(path)
        paths |= {f"{name}_gid": found.st_gid, f"{name}_uid": found.st_uid}
        paths[f"{name}_mode"] = stat.filemode(found.st_mode)
        paths[f"{name}_owner"] = pwd.getpwuid(found.st_uid).pw_name
    return {
        "event": event,
        "paths": paths,
        "platform_machine": platform.machine(),
        "platform_system": platform.system(),
        "pwd": os.getcwd(),
        "user_login_name": getpass.getuser(),
        "user_whoami": subprocess.run(["whoami"], capture_output=True, text=True).stdout.strip(),
    }
"""


@replays(BEHAVIOR + "runtime_introspection_arm")
def test_what_surrounds_a_function(aws: Endpoint, said: Said) -> None:
    """Recorded on an ARM machine; the machine of the tests may be another."""
    answer = _invoked(aws, INSPECT)
    root_owns = isolation(aws.url)["promises"]["root_owned_folders"]["kept"]

    def form(ours: dict[str, Any]) -> dict[str, Any]:
        seen = ours["Payload"] | {"platform_machine": "aarch64"}
        if not root_owns:
            seen["paths"] = {name: _of_root(name, value) for name, value in seen["paths"].items()}
        return ours | {"Payload": seen}

    said("invoke_runtime_arm_introspection", answer, form)


def _of_root(name: str, value: Any) -> Any:
    """What belongs to the function's user, as this machine's promises say, in the form of what belongs to root."""
    owned = {"uid": (993, 0), "gid": (990, 0), "owner": ("sbx_user1051", "root")}
    ours, recorded = owned.get(name.rpartition("_")[2], (value, value))
    assert value == ours, name
    return recorded

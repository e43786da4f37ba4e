import base64
import json

import pytest


@pytest.fixture(autouse=True)
def function(fake):
    fake.functions["hello"] = {"FunctionName": "hello"}


def test_the_response_is_on_stdout(cli, fake):
    result = cli("invoke", "hello", "--payload", '{"a":  "é"}')
    assert result.stdout == '{"ok": true}\n'
    assert result.stderr == ""
    headers, body = fake.invocations[0]
    assert body == '{"a":  "é"}'.encode()
    assert headers["X-Amz-Invocation-Type"] == "RequestResponse"
    assert "/us-east-1/lambda/aws4_request" in headers["Authorization"]
    assert "Credential=000000000000/" in headers["Authorization"]


def test_payload_from_file_and_stdin(cli, fake, own_environment):
    (own_environment / "event.json").write_text('{"from": "file"}')
    cli("invoke", "hello", "-p", "@event.json")
    cli("invoke", "hello", "-p", "-", input='{"from": "stdin"}')
    cli("invoke", "hello")
    assert [body for _, body in fake.invocations] == [b'{"from": "file"}', b'{"from": "stdin"}', b"{}"]


@pytest.mark.parametrize("payload", ["{", "@none.json", "", "@."])
def test_a_bad_payload_is_wrong_use(cli, fake, payload):
    assert cli("invoke", "hello", "--payload", payload, code=2).stderr.count("\n") == 1
    assert fake.invocations == []


def test_a_function_error_exits_3(cli, fake):
    fake.response = b'{"errorType": "ValueError"}'
    fake.response_headers = {"X-Amz-Function-Error": "Unhandled"}
    result = cli("invoke", "hello", code=3)
    assert result.stdout == '{"errorType": "ValueError"}\n'
    assert result.stderr == "error: the function failed (Unhandled): ValueError\n"
    assert json.loads(cli("invoke", "hello", "--json", code=3).stdout)["function_error"] == "Unhandled"


def test_a_failed_start_says_why_without_being_asked(cli, fake):
    said = "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'\n"
    report = "INIT_REPORT Init Duration: 9.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n"
    log = said + report + said + report.replace("init", "invoke") + "START RequestId: 1 Version: $LATEST\nEND\n"
    fake.response = b'{"errorMessage": "No module\\nnamed \'x\'", "errorType": "Runtime.ImportModuleError"}'
    fake.response_headers = {
        "X-Amz-Function-Error": "Unhandled",
        "X-Amz-Log-Result": base64.b64encode(log.encode()).decode(),
    }
    reason = "error: the function failed (Unhandled): Runtime.ImportModuleError: No module named 'x'\n"
    assert cli("invoke", "hello", code=3).stderr == said + reason
    late = "START RequestId: 1 Version: $LATEST\n" + log
    fake.response_headers["X-Amz-Log-Result"] = base64.b64encode(late.encode()).decode()
    assert cli("invoke", "hello", code=3).stderr == reason
    del fake.response_headers["X-Amz-Function-Error"]
    assert cli("invoke", "hello").stderr == ""


def test_the_log_is_on_stderr(cli, fake):
    fake.response_headers = {"X-Amz-Log-Result": base64.b64encode(b"START\nhi\nREPORT\n").decode()}
    result = cli("invoke", "hello", "--log")
    assert result.stderr == "START\nhi\nREPORT\n"
    assert fake.invocations[0][0]["X-Amz-Log-Type"] == "Tail"


def test_async_prints_what_was_accepted(cli, fake):
    result = cli("invoke", "hello", "--async")
    assert (result.stdout, result.stderr) == ("", "accepted, request id req-1\n")
    document = json.loads(cli("invoke", "hello", "--async", "--json").stdout)
    assert (document["status_code"], document["payload"]) == (202, None)
    assert "X-Amz-Log-Type" not in fake.invocations[1][0]
    cli("invoke", "hello", "--async", "--log", code=2)


def test_json_holds_everything(cli, fake):
    fake.response_headers = {"X-Amz-Log-Result": base64.b64encode(b"START\nREPORT\n").decode()}
    document = json.loads(cli("invoke", "hello", "--json").stdout)
    assert document == {
        "status_code": 200,
        "function_error": None,
        "executed_version": "$LATEST",
        "request_id": "req-1",
        "payload": {"ok": True},
        "log": ["START", "REPORT"],
    }


def test_an_unknown_function_is_aws_fault_in_one_line(cli):
    result = cli("invoke", "nobody", code=1)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:nobody"
    hint = "`lambent list` shows what there is in this account and region"
    assert result.stderr == f"error: ResourceNotFoundException: Function not found: {arn}: {hint}\n"


def test_the_region_is_in_the_scope(cli, fake):
    cli("--region", "eu-west-1", "invoke", "hello")
    cli("invoke", "hello", env={"AWS_DEFAULT_REGION": "eu-north-1"})
    scopes = [headers["Authorization"] for headers, _ in fake.invocations]
    assert "/eu-west-1/lambda/" in scopes[0]
    assert "/eu-north-1/lambda/" in scopes[1]


def test_keys_of_the_environment_are_used(cli, fake):
    cli("invoke", "hello", env={"AWS_ACCESS_KEY_ID": "111122223333", "AWS_SECRET_ACCESS_KEY": "x"})
    assert "Credential=111122223333/" in fake.invocations[0][0]["Authorization"]

import io
import json
import sys
import zipfile

import pytest

ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"
SOURCE = {"app.py": "def handler(event, context):\n    return event\n"}


def test_creates_with_defaults(cli, fake, make):
    result = cli("deploy", make(SOURCE))
    assert result.stdout == ARN + "\n"
    assert result.stderr.startswith("hello: created from 1 file, ")
    made = fake.call("CreateFunction")
    del made["Code"]
    assert made == {
        "FunctionName": "hello",
        "Handler": "app.handler",
        "Runtime": f"python3.{sys.version_info[1]}",
        "Role": "arn:aws:iam::000000000000:role/lambent",
    }
    with zipfile.ZipFile(io.BytesIO(fake.code["hello"])) as archive:
        assert archive.namelist() == ["app.py"]


def test_every_option_arrives(cli, fake, make):
    options = "--name f --handler app.handler --runtime python3.12 --memory 256 --timeout 30 --tmp 1024"
    options += " --role arn:aws:iam::000000000000:role/r --description text -e KEY=a=b --env OTHER="
    cli("deploy", make(SOURCE), *options.split())
    made = fake.call("CreateFunction")
    del made["Code"]
    assert made == {
        "FunctionName": "f",
        "Handler": "app.handler",
        "Runtime": "python3.12",
        "MemorySize": 256,
        "Timeout": 30,
        "EphemeralStorage": {"Size": 1024},
        "Role": "arn:aws:iam::000000000000:role/r",
        "Description": "text",
        "Environment": {"Variables": {"KEY": "a=b", "OTHER": ""}},
    }


def test_again_changes_nothing(cli, fake, make):
    folder = make(SOURCE)
    cli("deploy", folder, "--memory", 256)
    fake.calls.clear()
    result = cli("deploy", folder, "--memory", 256)
    assert result.stdout == ARN + "\n"
    assert result.stderr == "hello: nothing to change\n"
    assert not [name for name in fake.names() if name.startswith(("Update", "Create"))]


def test_code_then_configuration_and_the_rest_stays(cli, fake, make):
    cli("deploy", make(SOURCE), "--memory", 256, "-e", "KEY=1")
    folder = make({"app.py": "def handler(event, context):\n    return 2\n"})
    fake.calls.clear()
    cli("deploy", folder, "--timeout", 9)
    updates = [name for name in fake.names() if name.startswith("Update")]
    assert updates == ["UpdateFunctionCode", "UpdateFunctionConfiguration"]
    assert fake.call("UpdateFunctionConfiguration") == {"Timeout": 9}
    assert fake.functions["hello"]["MemorySize"] == 256
    assert fake.functions["hello"]["Environment"] == {"Variables": {"KEY": "1"}}


def test_the_existing_handler_is_checked_in_new_code(cli, fake, make):
    cli("deploy", make(SOURCE))
    folder = make({"main.py": SOURCE["app.py"]}, "other")
    assert "app.py is not in the package" in cli("deploy", folder, "--name", "hello", code=1).stderr
    cli("deploy", folder, "--name", "hello", "--handler", "main.handler")


@pytest.mark.parametrize(
    "refused",
    [
        (["-e", "KEY"], 2, "--env KEY: K=V is needed"),
        (["-e", "K=V"], 2, "a name is a letter"),
        (["-e", "9KEY=V"], 2, "a name is a letter"),
        (["-e", "AWS_REGION=x"], 2, "--env AWS_REGION: this name is Lambda's own"),
        (["-e", "AA=1", "-e", "AA=2"], 2, "given twice"),
        (["--runtime", "python9"], 2, "'python9' is not one of Lambda's"),
        (["--handler", "app.nothing"], 1, "no function 'nothing'"),
    ],
)
def test_refused_before_anything_is_uploaded(cli, fake, make, refused):
    args, code, message = refused
    result = cli("deploy", make(SOURCE), *args, code=code)
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert "CreateFunction" not in fake.names()


def test_a_folder_whose_name_is_no_function_name(cli, make):
    assert "--name" in cli("deploy", make(SOURCE, "my function"), code=2).stderr


def test_another_runtime_than_asked_is_said(cli, make):
    folder = make(SOURCE)
    for _ in range(2):
        result = cli("deploy", folder, "--runtime", "python3.14")
        assert "python3.14 runs on CPython 3.13 here" in result.stderr


def test_files_that_lambda_could_not_read_are_named(cli, make):
    folder = make({**SOURCE, "data.txt": ""})
    (folder / "data.txt").chmod(0o640)
    assert "unreadable for Lambda's user (chmod a+r): data.txt" in cli("deploy", folder).stderr


def test_secrets_are_left_out_with_a_line(cli, fake, make):
    folder = make({**SOURCE, ".env": "A=1"})
    line = "left out, as secrets: .env (to pack one: --include .env)"
    assert line in cli("deploy", folder).stderr
    assert "left out" not in cli("deploy", folder, "--include", ".env").stderr
    assert ".env" in zipfile.ZipFile(io.BytesIO(fake.code["hello"])).namelist()


def test_json(cli, fake, make):
    document = json.loads(cli("deploy", make(SOURCE), "--json").stdout)
    assert document["function"]["FunctionArn"] == ARN
    assert document["done"][0].startswith("created")


def test_a_failed_wait_says_why(cli, fake, make):
    cli("deploy", make(SOURCE))
    fake.functions["hello"] |= {"State": "Failed", "StateReason": "The disk is full."}
    result = cli("deploy", make(SOURCE), "--memory", 300, code=1)
    assert result.stderr == "error: hello failed to become ready: The disk is full.\n"


def test_an_account_named_by_the_key(cli, fake, make):
    cli("deploy", make(SOURCE), env={"AWS_ACCESS_KEY_ID": "111122223333", "AWS_SECRET_ACCESS_KEY": "x"})
    assert fake.call("CreateFunction")["Role"] == "arn:aws:iam::111122223333:role/lambent"


def test_findings_of_the_function_are_printed(cli, fake, make):
    said = {"code": "stored-only", "message": "It has no effect yet.", "hint": "Wait."}
    fake.findings = [{"resource": f"{ARN}:1", **said}, {"resource": f"{ARN}2", **said}]
    folder = make(SOURCE)
    assert cli("deploy", folder).stderr.endswith(f"note: {ARN}:1: It has no effect yet. Wait. [stored-only]\n")
    assert json.loads(cli("deploy", folder, "--json").stdout)["findings"] == fake.findings[:1]

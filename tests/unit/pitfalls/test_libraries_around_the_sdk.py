"""What a function does by a library around AWS's SDK is seen as what it does by the SDK itself."""

from pathlib import Path
from typing import Any

import pytest

from lambent.pitfalls import checking
from lambent.pitfalls.facts import reading, sdk
from lambent.pitfalls.facts.python import Env

TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: RUNTIME
      CodeUri: .
      Environment: {Variables: {BUCKET: !Ref Files, OUT: in-coming}}
      Policies: [Statement: [{Effect: Allow, Action: 's3:Get*', Resource: '*'}]]
      Events:
        Put: {Type: S3, Properties: {Bucket: !Ref Files, Events: 's3:ObjectCreated:*', FILTER}}
  Files:
    Type: AWS::S3::Bucket
"""
ONLY_IN = "Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}]}}"


def project(root: Path, source: str, name: str = "app.py", only: str = "Filter: !Ref AWS::NoValue") -> Path:
    runtime = "python3.13" if name.endswith(".py") else "nodejs22.x"
    (root / "template.yaml").write_text(TEMPLATE.replace("RUNTIME", runtime).replace("FILTER", only))
    (root / name).write_text(source)
    return root


def asked(root: Path, source: str, name: str = "app.py") -> list[tuple[str, int, Any]]:
    """`service.operation`, line and target of every call."""
    read = reading.read(project(root, source, name))
    with read.with_node():
        (function,) = read.functions
        package = function.code if function.code is not None else function.node
        assert package is not None
        return [(f"{one.service}.{one.operation}", one.node.lineno, sdk.target(one)) for one in package.sdk_calls]


def handler(begin: str, *lines: str) -> str:
    """Line 1 and the handler's lines, from line 3."""
    return "\n".join([begin, "def handler(event, context):", *(f"    {line}" for line in lines), ""])


S3FS = "import os, s3fs; fs = s3fs.S3FileSystem()"
RESOURCES = "import boto3; s3 = boto3.resource('s3'); q = boto3.resource('sqs').Queue('u')"
PARAMETERS = "from aws_lambda_powertools.utilities import parameters as p; store = p.SSMProvider()"
PYTHON = [
    (RESOURCES, "s3.Bucket('b').objects.filter(Prefix='a').delete()",
     [("s3.delete_objects", 3, "b"), ("s3.list_objects_v2", 3, "b")]),
    (RESOURCES, "for one in s3.Bucket('b').objects.all(): one.delete()",
     [("s3.list_objects_v2", 3, "b"), ("s3.delete_object", 3, "b")]),
    (RESOURCES, "s3.meta.client.put_object(Bucket='b', Key='k')", [("s3.put_object", 3, "b")]),
    (RESOURCES, "for one in q.receive_messages(): one.delete()",
     [("sqs.receive_message", 3, "u"), ("sqs.delete_message", 3, "u")]),
    ("import botocore.session; s = botocore.session.get_session()", "s.create_client('sns').publish(TopicArn='t')",
     [("sns.publish", 3, "t")]),
    (S3FS, "fs.open(f'{os.environ[\"BUCKET\"]}/k', 'wb').write(b'')", [("s3.put_object", 3, Env("BUCKET"))]),
    (S3FS, "fs.put('/tmp/a', 's3://b/k')", [("s3.put_object", 3, "b")]),
    (S3FS, "path = 'b/' + event['key']; fs.rm(path)", [("s3.delete_object", 3, "b")]),
    (S3FS, "fs.ls('b')", [("s3.list_objects_v2", 3, "b")]),
    ("import fsspec", "fsspec.filesystem('s3').cat('b/k')", [("s3.get_object", 3, "b")]),
    ("import fsspec", "fsspec.filesystem('file').cat('b/k')", []),
    ("from smart_open import open", "open('s3://b/k', mode='w').write('')", [("s3.put_object", 3, "b")]),
    ("from smart_open import open", "open('/tmp/k', mode='w').write('')", []),
    ("import pandas as pd", "pd.read_csv('s3://b/k')", [("s3.get_object", 3, "b")]),
    ("import pandas as pd", "pd.DataFrame(event).to_parquet('s3://b/k')", [("s3.put_object", 3, "b")]),
    ("import pandas as pd", "pd.DataFrame(event).to_parquet('/tmp/k')", []),
    ("import awswrangler as wr", "wr.s3.to_csv(event, 's3://b/k')", [("s3.put_object", 3, "b")]),
    (PARAMETERS, "p.get_secret('x')", [("secretsmanager.get_secret_value", 3, "x")]),
    (PARAMETERS, "store.get('/y')", [("ssm.get_parameter", 3, "/y")]),
]  # fmt: skip


@pytest.mark.parametrize(("begin", "line", "calls"), PYTHON, ids=[line for _, line, _ in PYTHON])
def test_python(begin: str, line: str, calls: list[tuple[str, int, Any]], tmp_path: Path) -> None:
    assert asked(tmp_path, handler(begin, line)) == calls


@pytest.mark.parametrize("session", ["get_session", "AioSession"])
def test_sessions_of_aiobotocore(session: str, tmp_path: Path) -> None:
    source = (
        f"import asyncio\nfrom aiobotocore.session import {session}\nasync def work():\n    session = {session}()\n"
        "    async with session.create_client('sqs') as q:\n        await q.send_message(QueueUrl='u')\n"
        "def handler(event, context):\n    asyncio.run(work())\n"
    )
    assert asked(tmp_path, source) == [("sqs.send_message", 6, "u")]


SDK = "import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'; import { Upload } from '@aws-sdk/lib-storage'; import { S3Client, GetObjectCommand } from '@aws-sdk/client-s3'; import { getSignedUrl } from '@aws-sdk/s3-request-presigner'; import { getSecret } from '@aws-lambda-powertools/parameters/secrets'; const s3 = new S3Client({});"  # noqa: E501
NODE = [
    ("await new Upload({ client: s3, params: { Bucket: 'b', Key: 'k' } }).done();", [("s3.put_object", 3, "b")]),
    ("const params = { Bucket: 'b', Key: 'k' }; const up = new Upload({ client: s3, params }); await up.done();",
     [("s3.put_object", 3, "b")]),
    ("const up = new Upload(await options(event)); await up.done();", [("s3.put_object", 3, None)]),
    ("for await (const page of paginateScan({ client: db }, { TableName: 't' })) use(page);",
     [("dynamodb.scan", 3, "t")]),
    ("return getSignedUrl(s3, new GetObjectCommand({ Bucket: 'b', Key: 'k' }), { expiresIn: 60 });",
     [("s3.generate_presigned_url", 3, None)]),
    ("return getSecret('x');", [("secretsmanager.get_secret_value", 3, "x")]),
    ("await event.done();", []),
]  # fmt: skip


@pytest.mark.parametrize(("line", "calls"), NODE, ids=[line for line, _ in NODE])
def test_javascript(line: str, calls: list[tuple[str, int, Any]], tmp_path: Path) -> None:
    source = f"{SDK}\nexport const handler = async (event) => {{\n  {line}\n}};\n"
    assert asked(tmp_path, source, "app.mjs") == calls


def found(root: Path, code: str) -> list[int]:
    return [one.place.line for one in checking.check(root, select=[code]).findings]


def test_a_loop_by_a_file_system_is_a_loop(tmp_path: Path) -> None:
    write = handler(S3FS, "fs.pipe(f'{os.environ[\"BUCKET\"]}/out/{event[\"id\"]}', b'')")
    assert found(project(tmp_path, write), "ARC001") == [3]
    assert found(project(tmp_path, write, only=ONLY_IN), "ARC001") == []
    assert found(project(tmp_path, write.replace("/out/", "/in/"), only=ONLY_IN), "ARC001") == [3]


def test_a_right_that_a_library_needs(tmp_path: Path) -> None:
    lines = ("smart_open.open('s3://b/in').read()", "smart_open.open('s3://b/out', 'wb').write(b'')")
    assert found(project(tmp_path, handler("import smart_open", *lines)), "IAM001") == [4]


def test_a_name_by_chance(tmp_path: Path) -> None:
    line = "smart_open.open(f's3://b/{uuid.uuid4()}', 'w').write('')"
    assert found(project(tmp_path, handler("import smart_open, uuid", line)), "ASY001") == [3]


def test_what_a_library_keeps_is_not_asked_for_each_time(tmp_path: Path) -> None:
    assert found(project(tmp_path, handler(PARAMETERS, "p.get_secret('x')")), "SEC003") == []
    direct = handler("import boto3; c = boto3.client('secretsmanager')", "c.get_secret_value(SecretId='x')")
    assert found(project(tmp_path, direct), "SEC003") == [3]


def test_links_that_live_too_long_in_javascript(tmp_path: Path) -> None:
    line = "return getSignedUrl(s3, new GetObjectCommand({ Bucket: 'b', Key: 'k' }), { expiresIn: 86400 });"
    source = f"{SDK}\nexport const handler = async (event) => {{\n  {line}\n}};\n"
    assert found(project(tmp_path, source, "app.mjs"), "SEC006") == [3]
    assert found(project(tmp_path, source.replace("86400", "3600"), "app.mjs"), "SEC006") == []

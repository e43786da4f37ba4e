"""JavaScript and TypeScript: the same rules see the same things."""

from pathlib import Path

import pytest

from lambent.pitfalls import checking, effects
from lambent.pitfalls.facts import javascript, reading
from lambent.pitfalls.facts.project import Function

SAM = """Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: HANDLER
      CodeUri: src/
      Policies: [S3ReadPolicy: {BucketName: b}]
      Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}}
  Q: {Type: AWS::SQS::Queue}
"""


def project(root: Path, files: dict[str, str], handler: str = "app.handler") -> Path:
    (root / "template.yaml").write_text(SAM.replace("HANDLER", handler))
    for name, text in files.items():
        path = root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def found(root: Path) -> set[tuple[str, str, int]]:
    report = checking.check(root, everything=True)
    return {
        (one.code, one.place.path.removeprefix("src/"), one.place.line)
        for one in report.findings
        if one.place.path != "template.yaml"
    }


def node(root: Path) -> Function:
    (function,) = reading.read(root).functions
    assert function.code is None
    return function


V3 = """import { S3Client, PutObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand as Put } from "@aws-sdk/lib-dynamodb";
import { send } from "./lib/mail.js";
const s3 = new S3Client({});
const seen = [];
export const handler = async (event, context) => {
  const ddb = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  console.log("event", JSON.stringify(event));
  for (const record of event.Records) {
    seen.push(record.messageId);
    const params = { Bucket: process.env.BUCKET, Key: `a/${record.messageId}` };
    await s3.send(new PutObjectCommand(params));
    const command = new Put({ TableName: "t", Item: { id: 1 } });
    await ddb.send(command);
  }
  await send(context);
};
"""
MAIL = """const fs = require("fs");
const AWS = require("aws-sdk");
const ses = new AWS.SES();
exports.send = async (context) => {
  fs.writeFileSync("/tmp/mail.txt", "x");
  await ses.sendEmail({ Source: "a" }).promise();
  await new Promise((done) => setTimeout(done, 3000));
};
"""


def test_a_handler_its_calls_and_what_it_reaches(tmp_path: Path) -> None:
    function = node(project(tmp_path, {"app.mjs": V3, "lib/mail.js": MAIL}))
    calls = [(one.service, one.operation, sorted(one.arguments), one.place.line) for one in function.node.sdk_calls]
    assert calls == [
        ("s3", "put_object", ["Bucket", "Key"], 13),
        ("dynamodb", "put_item", ["Item", "TableName"], 15),
        ("ses", "send_email", ["Source"], 6),
    ]
    assert found(tmp_path) >= {
        ("EXE008", "app.mjs", 8),
        ("SEC005", "app.mjs", 9),
        ("EXE001", "app.mjs", 11),
        ("IAM001", "app.mjs", 13),
        ("IAM001", "app.mjs", 15),
        ("EXE003", "lib/mail.js", 5),
        ("IAM001", "lib/mail.js", 6),
        ("ARC005", "lib/mail.js", 7),
    }


GOOD = """import { S3Client, GetObjectCommand } from "@aws-sdk/client-s3";
const s3: S3Client = new S3Client({});
const cache: Record<string, unknown> = {};
let client: unknown;
export const handler = async (event: any, context: any): Promise<unknown> => {
  const failures: { itemIdentifier: string }[] = [];
  client ??= new S3Client({});
  for (const record of event.Records as any[]) {
    try {
      if (!cache[record.key]) cache[record.key] = await s3.send(new GetObjectCommand({ Bucket: "b", Key: record.key }));
      console.log(`record ${record.messageId}`);
    } catch (error) {
      failures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures: failures };
};
"""


def test_what_is_well_has_no_findings(tmp_path: Path) -> None:
    assert not found(project(tmp_path, {"app.ts": GOOD}))


SWALLOWED = """exports.handler = async function (event) {
  try {
    await work(event.Records);
  } catch (error) {
    ANSWER
  }
};
"""


@pytest.mark.parametrize(("answer", "told"), [("console.error(error);", True), ("throw error;", False),
                                              ("return Promise.reject(error);", False)])  # fmt: skip
def test_an_error_that_is_swallowed(answer: str, told: bool, tmp_path: Path) -> None:
    assert (
        ("OBS008", "app.js", 4) in found(project(tmp_path, {"app.js": SWALLOWED.replace("ANSWER", answer)}))
    ) is told


BODY = "async (event) => { console.log(event); }"


@pytest.mark.parametrize(
    ("name", "source", "handler"),
    [
        ("app.js", f"exports.handler = {BODY};", "app.handler"),
        ("app.cjs", f"const handler = {BODY};\nmodule.exports = {{ handler }};", "app.handler"),
        ("app.js", f"const main = {BODY};\nmodule.exports = {{ handler: main }};", "app.handler"),
        ("app.ts", f"const main = {BODY};\nexport {{ main as handler }};", "app.handler"),
        ("app.ts", f"export const handler = middy({BODY}).use(json());", "app.handler"),
        ("app.ts", f"const base = {BODY};\nexport const handler = middy(base).use(json());", "app.handler"),
        ("a/index.ts", f"export async function main(event: any) {{ console.log(event); }} // {BODY}", "a/index.main"),
        ("app.ts", f"export const handler = {BODY};", "dist/app.handler"),
        ("some.thing.js", f"exports.handler = {BODY};", "some.thing.handler"),
        ("app.js", f"module.exports.handler = exports.other = {BODY};", "app.handler"),
    ],
)
def test_handlers_are_found_however_they_are_exported(name: str, source: str, handler: str, tmp_path: Path) -> None:
    assert "SEC005" in {code for code, _, _ in found(project(tmp_path, {name: source}, handler))}


@pytest.mark.parametrize(("name", "source", "why"), [
    ("app.js", "exports.handler = async (event => {", "it is not JavaScript (line 1)"),
    ("app.ts", "export const handler = : 3;", "it is not TypeScript (line 1)"),
    ("app.js", "exports.handler=1;" + "a=1;" * 3000, "it is minified"),
    ("app.js", "var __defProp = Object.defineProperty;\nexports.handler = 1", "it is a bundle"),
    ("app.js", "x = " + "[\n" * 1000 + "]\n" * 1000, "it is nested too deeply"),
])  # fmt: skip
def test_what_can_t_be_read_is_told(name: str, source: str, why: str, tmp_path: Path) -> None:
    report = checking.check(project(tmp_path, {name: source}))
    assert [(one.path, one.because) for one in report.not_read] == [(f"src/{name}", why)]


def test_without_the_parsers_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "readable", lambda: False)
    report = checking.check(project(tmp_path, {"app.js": f"exports.handler = {BODY};"}))
    assert [one.because for one in report.not_read] == [javascript.INSTALL]
    assert "SEC005" not in {one.code for one in report.findings}


def test_functions_behind_wrappers_exports_and_middlewares_are_reached(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: s\nprovider: {name: aws, runtime: nodejs20.x}\n"
        "functions:\n  f: {handler: app.handler, events: [sns: t]}\n"
    )
    (tmp_path / "app.js").write_text(
        "const co = require('co');\nconst mail = require('./mail');\nconst flush = require('./flush');\n"
        "const wrapper = require('./wrapper');\n"
        "const handler = co.wrap(function* (event, context, cb) {\n  yield mail.order(event);\n  cb(null, 1);\n});\n"
        "module.exports.handler = wrapper(handler).use(flush);\n"
    )
    (tmp_path / "mail.js").write_text(
        "const co = require('co');\nconst AWS = require('aws-sdk');\nconst sns = new AWS.SNS();\n"
        "const tell = co.wrap(function* (order) {\n  yield sns.publish({TopicArn: 't', Message: order}).promise();\n"
        "});\n"
        "module.exports = { order: tell };\n"
    )
    (tmp_path / "flush.js").write_text(
        "const AWS = require('aws-sdk');\nconst metrics = new AWS.CloudWatch();\n"
        "module.exports = { after: (handler, next) => metrics.putMetricData({Namespace: 'n'}, next) };\n"
    )
    (tmp_path / "wrapper.js").write_text("module.exports = f => middy(f);\n")
    project = reading.read(tmp_path)
    with project.with_node():
        (function,) = project.functions
        found = {(call.service, call.operation) for call in effects.calls(function)}
    assert found == {("sns", "publish"), ("cloudwatch", "put_metric_data")}


GET = "exports.handler = async event => axios.get(event.url%s);\n"
AXIOS = "const axios = require('axios');\n"


@pytest.mark.parametrize(
    ("source", "waits"),
    [
        (AXIOS + GET % "", True),
        ("import axios from 'axios';\nexport const handler = async (event) => await axios(event.url);\n", True),
        (AXIOS + GET % ", {timeout: 3000}", False),
        (AXIOS + "axios.defaults.timeout = 3000;\n" + GET % "", False),
    ],
)
def test_clients_that_wait_for_ever(source: str, waits: bool, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: s\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n  f: {handler: app.handler}\n"
    )
    (tmp_path / "app.js").write_text(source)
    found = checking.check(tmp_path, select=["NET007"]).findings
    assert bool(found) == waits


def test_clients_that_are_handed_on_are_known(tmp_path: Path) -> None:
    files = {
        "app.js": "const AWS = require('aws-sdk');\nconst table = new AWS.DynamoDB.DocumentClient();\n"
        "const store = require('./store');\nexports.handler = async (event) => store.all(event.id, table);\n",
        "store.js": "function Store() {}\nconst ask = require('./ask');\n"
        "async function all(id, client) {\n  return one(id, client);\n}\n"
        "const one = (id, client) => {\n  const params = ask.make(id);\n  return client.query(params).promise();\n};\n"
        "Store.prototype.all = all;\nmodule.exports = new Store();\n",
        "ask.js": "module.exports.make = (id) => ({ TableName: 't', KeyConditionExpression: 'a' });\n",
    }
    read = reading.read(project(tmp_path, files))
    with read.with_node():
        (function,) = read.functions
        (call,) = effects.calls(function)
    assert (call.service, call.operation, call.place.line, call.open) == ("dynamodb", "query", 8, False)
    assert ("LIM014", "store.js", 8) in found(tmp_path)


def test_a_parameter_that_is_another_client_each_time_is_unknown(tmp_path: Path) -> None:
    files = {
        "app.js": "const AWS = require('aws-sdk');\nconst a = new AWS.SQS();\nconst b = new AWS.SNS();\n"
        "const send = async (client, m) => client.publish(m).promise();\n"
        "exports.handler = async (event) => { await send(a, event); await send(b, event); };\n",
    }
    read = reading.read(project(tmp_path, files))
    with read.with_node():
        (function,) = read.functions
        assert effects.calls(function) == []

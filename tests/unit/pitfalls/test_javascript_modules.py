"""JavaScript's ways to export, to share and to hand on, which other people's projects are made of."""

from pathlib import Path

import pytest

from lambent.pitfalls import checking
from lambent.pitfalls.facts import reading

SERVICE = """service: s
provider: {name: aws, runtime: nodejs22.x}
functions:
  f:
    handler: app.handler
    events: [EVENT]
"""
HTTP = "httpApi: {path: /, method: post}"
STREAM = "stream: {type: dynamodb, arn: a}"
V2 = "const AWS = require('aws-sdk');\nconst dynamo = new AWS.DynamoDB.DocumentClient();\n"


def codes(root: Path, files: dict[str, str], event: str = HTTP, everything: bool = False) -> set[tuple[str, str, int]]:
    """What is found in a service: code, path, line."""
    for name, text in {"serverless.yml": SERVICE.replace("EVENT", event), **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = checking.check(root, everything=everything).findings
    return {(one.code, one.place.path, one.place.line) for one in found}


SCAN = "  scan: (p) => dynamo.scan({ TableName: 't' }).promise(),\n"


@pytest.mark.parametrize(
    ("shared", "asked", "line"),
    [
        (V2 + "const client = {\n" + SCAN + "};\nmodule.exports = client;\n", "store.scan()", 4),
        (V2 + "module.exports = {\n" + SCAN + "};\n", "store.scan()", 4),
        (V2 + "const inner = { a: {\n" + SCAN + "} };\nmodule.exports = { inner };\n", "store.inner.a.scan()", 4),
        (V2 + "module.exports = (p) => dynamo.scan({ TableName: 't' }).promise();\n", "store()", 3),
        (V2 + "async function all() {\n  return dynamo.scan({ TableName: 't' }).promise();\n}\nmodule.exports = all;\n",
         "store()", 4),
        (V2 + "class Store {\n  all() { return dynamo.scan({ TableName: 't' }).promise(); }\n}\n"
         "module.exports = new Store();\n", "store.all()", 4),
    ],
)  # fmt: skip
def test_what_a_module_exports_as_a_whole_is_reached(shared: str, asked: str, line: int, tmp_path: Path) -> None:
    app = f"const store = require('./store');\nexports.handler = async (event) => {asked};\n"
    assert ("LIM014", "store.js", line) in codes(tmp_path, {"app.js": app, "store.js": shared})


def test_default_exports_of_modules_are_reached(tmp_path: Path) -> None:
    store = (
        "import { DynamoDB } from 'aws-sdk';\nconst db = new DynamoDB.DocumentClient();\n"
        "export default {\n  all() { return db.scan({ TableName: 't' }).promise(); },\n};\n"
    )
    app = "import store from './store';\nexport const handler = async (event) => store.all();\n"
    assert ("LIM014", "store.ts", 4) in codes(tmp_path, {"app.ts": app, "store.ts": store})


def test_packages_of_the_project_and_what_lies_beside_are_reached(tmp_path: Path) -> None:
    scan = "exports.all = () => dynamo.scan({ TableName: 't' }).promise();\n"
    files = {
        "app.js": "const a = require('@our/store');\nconst b = require('../../beside/lib');\n"
        "exports.handler = async (event) => [a.all(), b.all()];\n",
    }
    (tmp_path / "services/one").mkdir(parents=True)
    for name, text in {
        "packages/store/package.json": '{"name": "@our/store", "main": "dist/main.js"}',
        "packages/store/src/main.js": V2 + scan,
        "beside/lib.js": V2 + scan,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    codes(tmp_path / "services/one", files)
    found = checking.check(tmp_path, select=["LIM014"]).findings
    assert {one.place.path for one in found} == {"packages/store/src/main.js", "beside/lib.js"}


def test_handlers_under_any_name_are_known_by_their_signature(tmp_path: Path) -> None:
    (tmp_path / "books.js").write_text(
        V2 + "module.exports.list = (event, context, callback) => dynamo.scan({ TableName: 't' }, callback);\n"
        "exports.helper = (a, b) => a;\n"
    )
    assert [one.id for one in reading.read(tmp_path).functions] == ["books.list"]


def test_functions_that_are_made_by_code_are_told(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: s\nprovider: {name: aws}\nfunctions: ${file(functions.js)}\nresources: {Resources: {}}\n"
    )
    (told,) = reading.read(tmp_path).not_read
    assert (told.path, told.because) == ("serverless.yml", "its functions are made by ${file(functions.js)}")


@pytest.mark.parametrize(
    ("source", "event", "expected"),
    [
        ("exports.handler = async (event) => {\n  for (const r of event.Records) {\n"
         "    if (r.eventName === 'INSERT') {\n      await go(r);\n    }\n  }\n};\n", STREAM,
         ("ESM013", "serverless.yml", 6)),
        ("exports.handler = async (event) => {\n  const r = event.Records[0];\n  await go(r.s3.object.key);\n};\n",
         "s3: b", ("ESM010", "app.js", 3)),
        ("exports.handler = async (event) => {\n  const { key } = event.Records[0].s3.object;\n  await go(key);\n};\n",
         "s3: b", ("ESM010", "app.js", 2)),
        ("exports.handler = async (event) => {\n  return { statusCode: 200, body: { ok: true } };\n};\n",
         "http: GET /", ("API002", "app.js", 2)),
        ("exports.handler = (event, context, callback) => {\n  callback(null, { statusCode: 200, body: [] });\n};\n",
         "http: GET /", ("API002", "app.js", 2)),
        ("exports.handler = async (event) => {\n  return ask().then(go)\n    .catch(error => error);\n};\n", "sns: t",
         ("OBS008", "app.js", 3)),
        ("const fs = require('fs');\nexports.handler = async (event) => {\n  fs.writeFileSync('out.txt', 'x');\n};\n",
         "sns: t", ("EXE018", "app.js", 3)),
        ("const fs = require('fs');\nconst b = process.env.BUCKET || 'prod-bucket';\n"
         "exports.handler = async (event) => b;\n",
         "sns: t", ("ARC008", "app.js", 2)),
        ("const AWS = require('aws-sdk');\nconst sm = new AWS.SecretsManager();\n"
         "const secret = sm.getSecretValue({ SecretId: 's' }).promise();\nexports.handler = async (event) => secret;\n",
         "sns: t", ("SEC004", "app.js", 3)),
        ("const AWS = require('aws-sdk');\nconst s3 = new AWS.S3();\nexports.handler = async (event) => {\n"
         "  const key = decodeURIComponent(event.Records[0].s3.object.key);\n"
         "  const o = await s3.getObject({ Bucket: 'b', Key: key }).promise();\n};\n",
         "s3: b", ("EXE012", "app.js", 5)),
        ("const _ = require('lodash');\nexports.handler = async (event) => {\n"
         "  await go(_.get(event, 'Records[0].s3.object.key'));\n};\n", "s3: b", ("ESM010", "app.js", 3)),
        ("const Promise = require('bluebird');\nexports.handler = async (event) => {\n"
         "  await Promise.delay(2000);\n};\n", "sns: t", ("ARC005", "app.js", 3)),
        ("const Promise = require('bluebird');\nconst AWS = require('aws-sdk');\n"
         "const cw = Promise.promisifyAll(new AWS.CloudWatch());\nexports.handler = async (event) => {\n"
         "  await cw.putMetricDataAsync({ Namespace: 'n' });\n};\n", "sns: t", ("OBS004", "app.js", 5)),
        ("const AWS = require('aws-sdk');\nconst lambda = new AWS.Lambda();\nexports.handler = async (event) => {\n"
         "  const me = { FunctionName: process.env.AWS_LAMBDA_FUNCTION_NAME, InvocationType: 'Event' };\n"
         "  await lambda.invoke(me).promise();\n};\n", "sns: t", ("ARC001", "app.js", 5)),
        ("const options = { host: 'db', password: 'Corp4711!' };\nexports.handler = async (event) => go(options);\n",
         "sns: t", ("SEC002", "app.js", 1)),
        ("exports.handler = async (event) => {\n  await Promise.all(event.Records.map(async (record) => {\n"
         "    try {\n      await go(record);\n    } catch (err) {\n      console.error(err);\n    }\n  }));\n};\n",
         "s3: b", ("OBS008", "app.js", 5)),
        ("const work = async (asked) => {\n  console.log(asked);\n};\nexports.handler = async (event) => {\n"
         "  return await work(event);\n};\n", "sns: t", ("SEC005", "app.js", 2)),
    ],
)  # fmt: skip
def test_rules_that_read_javascript(source: str, event: str, expected: tuple[str, str, int], tmp_path: Path) -> None:
    assert expected in codes(tmp_path, {"app.js": source}, event)


@pytest.mark.parametrize(
    ("code", "source", "event"),
    [
        ("ESM010", "exports.handler = async (event) => {\n"
         "  await go(decodeURIComponent(event.Records[0].s3.object.key));\n};\n", "s3: b"),
        ("EXE012", "const AWS = require('aws-sdk');\nconst s3 = new AWS.S3();\nexports.handler = async (event) => {\n"
         "  const key = decodeURIComponent(event.Records[0].s3.object.key);\n"
         "  s3.getObject({ Bucket: 'b', Key: key }).createReadStream().pipe(out);\n};\n", "s3: b"),
        ("EXE008", "const AWS = require('aws-sdk');\nfunction init() {\n  if (!exports.s3) {\n"
         "    exports.s3 = new AWS.S3();\n  }\n}\nexports.handler = async (event) => { init(); };\n", "sns: t"),
        ("SEC005", "const debug = process.env.DEBUG;\nexports.handler = async (event) => {\n"
         "  if (debug) {\n    console.log(JSON.stringify(event));\n  }\n};\n", "sns: t"),
        ("LIM014", V2 + "exports.handler = async (event) => dynamo.query({ TableName: 't',\n"
         "  KeyConditionExpression: '#a = :a and #b = :b' }).promise();\n", "sns: t"),
        ("API001", "const work = require('./work');\nexports.handler = async (event) => work(event);\n", HTTP),
        ("ESM007", "exports.handler = (event, context, callback) => {\n  for (const r of event.Records) {\n"
         "    try { go(r); } catch (error) { callback(error); }\n  }\n};\n", "sqs: q"),
    ],
)  # fmt: skip
def test_rules_that_are_silent_of_javascript(code: str, source: str, event: str, tmp_path: Path) -> None:
    work = (
        "module.exports = async (event) => {\n"
        "  try { return await ask(event.body); } catch (e) { return bad(e); }\n};\n"
    )
    found = codes(tmp_path, {"app.js": source, "work.js": work}, event)
    assert code not in {one[0] for one in found}


def test_an_environment_of_a_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: s\nprovider: {name: aws, environment: '${file(./env.yml):dev}'}\n"
        "functions: {f: {handler: app.handler, environment: {A: b}}}\n"
    )
    (tmp_path / "app.js").write_text("const s = process.env.TABLE;\nexports.handler = async (event) => s;\n")
    assert [one for one in checking.check(tmp_path).findings if one.code == "ARC008"] == []


def test_what_keeps_functions_warm_is_found_as_a_plugin_too(tmp_path: Path) -> None:
    text = (
        "service: s\nprovider: {name: aws}\nplugins: [serverless-plugin-warmup]\ncustom:\n  warmup: {enabled: true}\n"
    )
    (tmp_path / "serverless.yml").write_text(text + "functions: {f: {handler: app.handler}}\n")
    (found,) = [one for one in checking.check(tmp_path).findings if one.code == "EXE015"]
    assert found.place.line == 5
    (tmp_path / "serverless.yml").write_text(text.replace("true", "false") + "functions: {f: {handler: app.handler}}\n")
    assert not [one for one in checking.check(tmp_path).findings if one.code == "EXE015"]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("{Effect: Allow, Action: 'dynamodb:PutItem', Resource: '*'}", True),
        ("{Effect: Allow, Action: ['sqs:SendMessage'], Resource: 'arn:aws:sqs:eu-west-1:*:*'}", True),
        ("{Effect: Allow, Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::*/*'}", True),
        ("{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*'}", False),
        ("{Effect: Allow, Action: ['xray:PutTraceSegments', 'ec2:CreateNetworkInterface'], Resource: '*'}", False),
        ("{Effect: Allow, Action: 'dynamodb:ListTables', Resource: '*'}", False),
        ("{Effect: Deny, Action: 's3:DeleteObject', Resource: '*'}", False),
    ],
)
def test_data_of_everything_is_more_than_a_function_needs(statement: str, found: bool, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        f"service: s\nprovider:\n  name: aws\n  iamRoleStatements:\n    - {statement}\n"
        "functions: {f: {handler: app.handler}}\n"
    )
    assert bool(checking.check(tmp_path, select=["IAM007"]).findings) == found

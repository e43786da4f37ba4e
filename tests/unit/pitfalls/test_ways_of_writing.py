"""How other people write what a rule looks for: each was missed, or found where it is not, in a public project."""

from pathlib import Path

import pytest

from lambent.pitfalls import checking

SAM = """Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: RUNTIME
      Timeout: 9
      MemorySize: 256
      CodeUri: .
      Events:
        E: {Type: TYPE, Properties: SETTINGS}
"""
EVENTS = {
    "Kinesis": "{Stream: !Sub 'arn:${AWS::Partition}:kinesis:::stream/s', StartingPosition: LATEST}",
    "SQS": "{Queue: !Sub 'arn:${AWS::Partition}:sqs:::q'}",
    "S3": "{Bucket: b, Events: 's3:ObjectCreated:*'}",
    "Api": "{Path: /, Method: get}",
    "SNS": "{Topic: !Sub 'arn:${AWS::Partition}:sns:::t'}",
}


def found(root: Path, code: str, event: str, **files: str) -> set[tuple[str, int]]:
    """Where a code is found in a function of SAM's with some files ("_dot_" stands for a dot)."""
    node = any(name.endswith("js") for name in files)
    text = SAM.replace("RUNTIME", "nodejs22.x" if node else "python3.13").replace("TYPE", event)
    (root / "template.yaml").write_text(text.replace("SETTINGS", EVENTS[event]))
    for name, source in files.items():
        path = root / name.replace("_dot_", ".").replace("_in_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return {(one.place.path, one.place.line) for one in checking.check(root, select=[code]).findings}


SCAN = "const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');\n"


def test_what_a_module_exports_again_is_followed(tmp_path: Path) -> None:
    store = (
        "import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';\n"
        "const db = new DynamoDBClient({});\n"
        "export const all = async () => db.send(new ScanCommand({ TableName: 't' }));\n"
    )
    app = "import { all } from './lib/index.js';\nexport const handler = async (event) => all();\n"
    files = {"app_dot_mjs": app, "lib_in_index_dot_js": "export * from './store.js';\n", "lib_in_store_dot_js": store}
    assert found(tmp_path, "LIM014", "Api", **files) == {("lib/store.js", 3)}
    again = {"app_dot_mjs": app.replace("{ all }", "{ db }").replace("all()", "db.all()")}
    again["lib_in_index_dot_js"] = "export * as db from './store.js';\n"
    assert found(tmp_path, "LIM014", "Api", **again) == {("lib/store.js", 3)}


def test_all_names_of_another_module_are_followed(tmp_path: Path) -> None:
    tools = (
        "import boto3\nTABLE = 't'\ndb = boto3.client('dynamodb')\n"
        "def everything():\n    return db.scan(TableName=TABLE)\n"
    )
    app = "from tools import *\ndef handler(event, context):\n    return everything()\n"
    assert found(tmp_path, "LIM014", "Api", app_dot_py=app, tools_dot_py=tools) == {("tools.py", 5)}
    direct = "from tools import *\ndef handler(event, context):\n    return db.scan(TableName=TABLE)\n"
    assert found(tmp_path, "LIM014", "Api", app_dot_py=direct) == {("app.py", 3)}


BATCH = """import boto3
labels = boto3.client("rekognition")
def handler(event, context):
    for record in event["Records"]:
        try:
            labels.detect_labels(Image=record)
        except Exception as error:
            print(error)
            return{}
"""


@pytest.mark.parametrize(("answer", "lines"), [("", {7}), (" None", {7}), (" fail(error)", set())])
def test_who_leaves_the_batch_at_an_error_loses_the_rest(answer: str, lines: set[int], tmp_path: Path) -> None:
    said = found(tmp_path, "ESM007", "Kinesis", app_dot_py=BATCH.replace("{}", answer))
    assert said == {("app.py", line) for line in lines}


def test_records_that_a_name_holds_are_records(tmp_path: Path) -> None:
    app = (
        "exports.handler = async (event) => {\n  const data = event.Records || [];\n"
        "  await Promise.all(data.map((one) => {\n    try {\n      return update(JSON.parse(one.kinesis.data));\n"
        "    } catch (error) {\n      return Promise.resolve();\n    }\n  }));\n};\n"
    )
    assert found(tmp_path, "ESM007", "Kinesis", app_dot_js=app) == {("app.js", 6)}


FRESH = """import uuid
import boto3
table = boto3.resource("dynamodb").Table("t")
s3 = boto3.client("s3")
def handler(event, context):
    for record in event["Records"]:
        made = str(uuid.uuid4())
        key = f"in/{made}.json"
        s3.put_object(Bucket="b", Key=key, Body=record["body"])
        table.put_item(Item={"id": made, "body": record["body"]})
        table.put_item(Item={"id": record["messageId"]})
"""


def test_ids_by_chance_are_made_again(tmp_path: Path) -> None:
    assert found(tmp_path, "ASY002", "SQS", app_dot_py=FRESH) == {("app.py", 9), ("app.py", 10)}


@pytest.mark.parametrize(
    ("work", "lines"),
    [
        ("s3.putObject({ Bucket: 'b', Key: 'k' }).promise().then(() => 1).catch((e) => console.log(e));", {4}),
        ("event.Records.forEach(async (r) => { await s3.putObject({ Bucket: 'b', Key: 'k' }).promise(); });", {4}),
        ("const list = [1]; list.forEach(async (r) => { await work(r); });", {4}),
        ("await s3.putObject({ Bucket: 'b', Key: 'k' }).promise();", set()),
        ("return s3.putObject({ Bucket: 'b', Key: 'k' }).promise();", set()),
        ("const p = s3.putObject({ Bucket: 'b', Key: 'k' }).promise(); await p;", set()),
        ("await Promise.all(event.Records.map(async (r) => { await work(r); }));", set()),
        ("for (const r of event.Records) { await work(r); }", set()),
        ("await new Promise((done) => { s3.putObject({ Bucket: 'b', Key: 'k' }, done); });", set()),
        ("event.Records.forEach((r) => { console.log(r.id); });", set()),
    ],
)
def test_what_an_async_function_begins_is_waited_for(work: str, lines: set[int], tmp_path: Path) -> None:
    begin = "const AWS = require('aws-sdk');\nconst s3 = new AWS.S3();\n"
    app = f"{begin}exports.handler = async (event) => {{\n  {work}\n}};\n"
    assert found(tmp_path, "EXE011", "SNS", app_dot_js=app) == {("app.js", line) for line in lines}


def test_a_function_with_callbacks_is_waited_for_by_lambda(tmp_path: Path) -> None:
    app = (
        "const AWS = require('aws-sdk');\nconst s3 = new AWS.S3();\nexports.handler = (event, context, callback) => {\n"
        "  s3.putObject({ Bucket: 'b', Key: 'k' }, callback);\n};\n"
    )
    assert not found(tmp_path, "EXE011", "SNS", app_dot_js=app)


def test_the_key_of_an_event_by_way_of_names(tmp_path: Path) -> None:
    app = (
        "def handler(event, context):\n    item = event['Records'][0]['s3']['object']\n    name = item['key']\n"
        "    return name\n"
    )
    assert found(tmp_path, "ESM010", "S3", app_dot_py=app) == {("app.py", 3)}


def test_what_the_code_looks_for_before_it_writes_is_no_loop(tmp_path: Path) -> None:
    app = (
        "import boto3\ns3 = boto3.client('s3')\ndef handler(event, context):\n    r = event['Records'][0]['s3']\n"
        "    GUARD\n    s3.put_object(Bucket=r['bucket']['name'], Key=r['object']['key'] + '-seen.txt', Body='')\n"
    )
    assert found(tmp_path, "ARC001", "S3", app_dot_py=app.replace("GUARD", "pass")) == {("app.py", 6)}
    guarded = app.replace("GUARD", "if r['object']['key'].endswith('-seen.txt'): return")
    assert not found(tmp_path, "ARC001", "S3", app_dot_py=guarded)


def test_who_hands_the_answer_to_what_catches_is_not_bare(tmp_path: Path) -> None:
    respond = (
        "export async function respond(promise) {\n  try {\n"
        "    return { statusCode: 200, body: JSON.stringify(await promise) };\n"
        "  } catch (error) {\n    return { statusCode: 500, body: '{}' };\n  }\n}\n"
    )
    app = (
        "import { S3Client } from '@aws-sdk/client-s3';\nimport { respond } from './respond.js';\n"
        "import { make } from './make.js';\nexport async function handler(event) {\n  const { body } = read(event);\n"
        "  const { name } = body;\n  return respond(make(name));\n}\n"
    )
    files = {"app_dot_js": app, "respond_dot_js": respond, "make_dot_js": "export const make = async (a) => a;\n"}
    assert not found(tmp_path, "API001", "Api", **files)
    bare = {"respond_dot_js": "export const respond = async (p) => ({ statusCode: 200, body: await p });\n"}
    assert found(tmp_path, "API001", "Api", **bare) == {("app.js", 4)}


def test_a_client_of_javascript_does_without_its_endpoint(tmp_path: Path) -> None:
    app = (
        "import { SQSClient } from '@aws-sdk/client-sqs';\n"
        "const sqs = new SQSClient({ endpoint: process.env.SQS_ENDPOINT_URL });\n"
        "export const handler = async (event) => process.env.QUEUE_NAME.length;\n"
    )
    assert found(tmp_path, "ARC008", "SNS", app_dot_js=app) == {("app.js", 3)}


@pytest.mark.parametrize(("given", "lines"), [("", {3}), ("'eu-west-1'", {3}), ("event['region']", set())])
def test_a_parameter_that_is_always_the_same_is_a_constant(given: str, lines: set[int], tmp_path: Path) -> None:
    app = (
        "import boto3\ndef secret(region='eu-west-1'):\n"
        "    client = boto3.client('secretsmanager', region_name=region)\n"
        f"    return client\ndef handler(event, context):\n    return str(secret({given}))\n"
    )
    assert found(tmp_path, "EXE008", "SNS", app_dot_py=app) == {("app.py", line) for line in lines}


@pytest.mark.parametrize(("value", "lines"), [("url()", {5}), ("event['url']", set())])
def test_an_attribute_is_what_it_was_set_to(value: str, lines: set[int], tmp_path: Path) -> None:
    app = (
        "from sqlalchemy import create_engine\nclass Database:\n    def __init__(self, event):\n"
        f"        self.url = {value}\n        self.engine = create_engine(self.url)\n"
        "def handler(event, context):\n    return Database(event).engine.name\n"
    )
    assert found(tmp_path, "EXE008", "SNS", app_dot_py=app) == {("app.py", line) for line in lines}


def test_what_a_layer_or_a_build_puts_beside_the_code_is_read(tmp_path: Path) -> None:
    app = "from store import all_of\ndef handler(event, context):\n    return all_of()\n"
    store = "import boto3\ndb = boto3.client('dynamodb')\ndef all_of():\n    return db.scan(TableName='t')\n"
    layer = "layers_in_common_in_python_in_store_dot_py"
    assert found(tmp_path, "LIM014", "SNS", app_dot_py=app, **{layer: store}) == {("layers/common/python/store.py", 4)}
    assert not found(tmp_path, "LIM014", "SNS", lib_in_store_dot_py=store)  # which of the two nobody can tell


@pytest.mark.parametrize(("more", "lines"), [("", {4}), (" ON CONFLICT DO NOTHING", set())])
def test_a_row_is_inserted_again(more: str, lines: set[int], tmp_path: Path) -> None:
    app = (
        "import boto3\ndata = boto3.client('rds-data')\ndef handler(event, context):\n"
        f"    data.execute_statement(sql='insert into t values (1){more}', resourceArn='a', secretArn='b')\n"
    )
    assert found(tmp_path, "ASY001", "SNS", app_dot_py=app) == {("app.py", line) for line in lines}


MACHINE = """Resources:
  M:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub
        |-
          {"StartAt": "A", "States": {
            "A": {"Type": "Task", "Resource": "${F.Arn}", "Next": "B"},
            "B": {"Type": "Choice", "Choices": [
              {"Variable": "$.n", "NumericGreaterThan": ${Most}, "Next": "C"}], "Default": "D"},
            "C": {"Type": "Task", "Resource": "${F.Arn}", "End": true},
            "D": {"Type": "Succeed"}}}
  F:
    Type: AWS::Lambda::Function
    Properties: {Handler: a.b, Runtime: python3.13, Timeout: 9, MemorySize: 256}
Parameters:
  Most: {Type: Number}
"""


def test_states_of_a_definition_in_a_template_have_its_lines(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(MACHINE)
    said = checking.check(tmp_path, select=["SFN003"]).findings
    assert [(one.place.line, "task A" in one.message) for one in said] == [(8, True), (11, False)]


def test_an_integration_that_is_no_proxy_answers_errors_with_200(tmp_path: Path) -> None:
    text = (
        "Resources:\n  Api: {Type: AWS::ApiGateway::RestApi}\n  F: {Type: AWS::Lambda::Function}\n  M:\n"
        "    Type: AWS::ApiGateway::Method\n    Properties:\n      RestApiId: !Ref Api\n      Integration:\n"
        "        Type: AWS\n        Uri: !Sub 'arn:aws:apigateway:x:lambda:path/functions/${F.Arn}/invocations'\n"
        "        IntegrationResponses: [{StatusCode: 200}MORE]\n"
    )
    (tmp_path / "template.yaml").write_text(text.replace("MORE", ""))
    assert [one.place.line for one in checking.check(tmp_path, select=["API001"]).findings] == [4]
    (tmp_path / "template.yaml").write_text(text.replace("MORE", ", {StatusCode: 500, SelectionPattern: '.+'}"))
    assert not checking.check(tmp_path, select=["API001"]).findings


@pytest.mark.parametrize("more", ["", "  tracing: {apiGateway: true}\n", "  apiGateway: {apiKeys: [a]}\n"])
def test_an_api_of_the_frameworks_may_need_to_be_a_rest_api(more: str, tmp_path: Path) -> None:
    text = "service: s\nprovider:\n  name: aws\n" + more
    text += "functions:\n  f: {handler: a.b, events: [{http: {path: /, method: get}}]}\n"
    (tmp_path / "serverless.yml").write_text(text)
    assert bool(checking.check(tmp_path, select=["CST007"]).findings) == (not more)


def test_a_body_that_a_helper_parses_bare(tmp_path: Path) -> None:
    make = (
        "module.exports = (event, callback) => {\n  const data = JSON.parse(event.body);\n  callback(null, data);\n};\n"
    )
    app = (
        "const make = require('./make.js');\nmodule.exports.handler = (event, context, callback) => {\n"
        "  make(event, (error, result) => callback(null, { statusCode: 200, body: JSON.stringify(result) }));\n};\n"
    )
    assert found(tmp_path, "API001", "Api", app_dot_js=app, make_dot_js=make) == {("make.js", 2)}


KEEP = """import boto3
table = boto3.client("dynamodb")
def handler(event, context):
    for record in event["Records"]:
        if record["Sns"]["Message"]:
            try:
                table.update_item(TableName="t", Key={"id": {"S": "1"}}, UpdateExpression="SET a = :a"MORE)
            except Exception as error:
                print(error)
                LAST
    return len(event["Records"])
"""


@pytest.mark.parametrize(
    ("more", "last", "lines"),
    [
        ("", "", {8}),
        (', ConditionExpression="attribute_not_exists(id)"', "", set()),
        ("", "table.put_item(TableName='failed', Item={})", set()),
        ("", "raise", set()),
    ],
)
def test_what_is_written_on_the_way_and_fails_is_lost(more: str, last: str, lines: set[int], tmp_path: Path) -> None:
    code = KEEP.replace("MORE", more).replace("LAST", last)
    assert {line for _, line in found(tmp_path, "OBS008", "SNS", app_dot_py=code)} == lines


@pytest.mark.parametrize(("name", "lines"), [("tokenPrefix", set()), ("token_type", set()), ("api_token", {2})])
def test_what_is_said_about_a_secret_is_none(name: str, lines: set[int], tmp_path: Path) -> None:
    code = f"def handler(event, context, {name}='x'):\n    print({name})\n"
    assert {line for _, line in found(tmp_path, "SEC005", "SQS", app_dot_py=code)} == lines


@pytest.mark.parametrize(("written", "lines"), [("/state", set()), ("/other", {4})])
def test_a_parameter_that_the_project_writes_is_its_state(written: str, lines: set[int], tmp_path: Path) -> None:
    code = (
        "import boto3\nssm = boto3.client('ssm')\ndef handler(event, context):\n"
        "    last = ssm.get_parameter(Name='/state')['Parameter']['Value']\n"
        f"    ssm.put_parameter(Name='{written}', Value=last + '1', Type='String', Overwrite=True)\n"
    )
    assert {line for _, line in found(tmp_path, "SEC003", "SQS", app_dot_py=code)} == lines


LISTS = "import boto3\ns3 = boto3.client('s3')\ndef handler(event, context):\n    s3.list_objects_v2(Bucket='b')\n"
BUCKET_POLICY = """  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: b
      PolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: !GetAtt FRole.Arn}, Action: ACTION, Resource: "*"}]}
"""


@pytest.mark.parametrize(("action", "lines"), [("s3:ListBucket", set()), ("s3:GetObject", {4})])
def test_a_bucket_s_policy_lets_a_role_list_it(action: str, lines: set[int], tmp_path: Path) -> None:
    said = SAM.replace("      CodeUri: .\n", "      CodeUri: .\n      Policies: [AWSLambdaBasicExecutionRole]\n")
    said = said.replace("RUNTIME", "python3.13").replace("TYPE", "SQS").replace("SETTINGS", EVENTS["SQS"])
    (tmp_path / "template.yaml").write_text(said + BUCKET_POLICY.replace("ACTION", action))
    (tmp_path / "app.py").write_text(LISTS)
    assert {one.place.line for one in checking.check(tmp_path, select=["IAM002"]).findings} == lines


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T0/B0/abc", True),
        ("SLACK_WEBHOOK_URL", "/slack/hook", False),
        ("ORDERS_URL", "https://orders.example.org", False),
    ],
)
def test_who_knows_a_chat_s_web_hook_may_post_there(name: str, value: str, secret: bool, tmp_path: Path) -> None:
    said = SAM.replace("CodeUri: .", f"CodeUri: .\n      Environment: {{Variables: {{{name}: {value}}}}}")
    said = said.replace("RUNTIME", "python3.13").replace("TYPE", "SQS").replace("SETTINGS", EVENTS["SQS"])
    (tmp_path / "template.yaml").write_text(said)
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 1\n")
    assert bool(checking.check(tmp_path, select=["SEC001"]).findings) is secret


@pytest.mark.parametrize(("last", "lines"), [("raise error", {5}), ("return None", set())])
def test_a_task_that_only_passes_an_error_on_does_one_call(last: str, lines: set[int], tmp_path: Path) -> None:
    machine = (
        "  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Definition:\n        StartAt: T\n"
        "        States:\n          T: {Type: Task, Resource: !GetAtt F.Arn, End: true}\n"
    )
    said = SAM.partition("      Events:")[0].replace("RUNTIME", "python3.13")
    (tmp_path / "template.yaml").write_text(said + machine)
    (tmp_path / "app.py").write_text(
        "import boto3\nssm = boto3.client('ssm')\ndef handler(event, context):\n    try:\n"
        "        ssm.put_parameter(Name='/a', Value=event['a'], Type='String')\n"
        f"    except Exception as error:\n        print(error)\n        {last}\n"
    )
    assert {one.place.line for one in checking.check(tmp_path, select=["SFN004"]).findings} == lines


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("print(datetime.now())", False),
        ("return datetime.now().timestamp()", False),
        ("return datetime.strftime(datetime.now(), '%s')", False),
        ("return datetime.now().strftime('%Y-%m-%d')", True),
    ],
)
def test_local_time_matters_where_a_day_is_made_of_it(now: str, told: bool, tmp_path: Path) -> None:
    code = f"from datetime import datetime\ndef handler(event, context):\n    {now}\n"
    assert bool(found(tmp_path, "TIM002", "SQS", app_dot_py=code)) is told


def test_a_name_that_is_looked_up_while_it_starts(tmp_path: Path) -> None:
    code = "import socket\nAT = socket.gethostbyname('example.org')\ndef handler(event, context):\n    return AT\n"
    assert found(tmp_path, "EXE007", "SQS", app_dot_py=code) == {("app.py", 2)}


@pytest.mark.parametrize(("given", "made"), [("*args, **kwargs", "*args, **kwargs"), ("service", "service")])
def test_a_client_that_an_object_of_the_module_makes_for_a_name(given: str, made: str, tmp_path: Path) -> None:
    code = (
        f"import boto3\nclass Api:\n    def client(self, {given}):\n        return boto3.client({made})\n"
        "api = Api()\n"
        "def handler(event, context):\n    db = api.client('dynamodb')\n    return db.scan(TableName='t')\n"
    )
    assert found(tmp_path, "LIM014", "SQS", app_dot_py=code) == {("app.py", 8)}


def test_what_a_helper_of_custom_resources_calls_is_reached(tmp_path: Path) -> None:
    code = (
        "import boto3\nfrom crhelper import CfnResource\nhelper = CfnResource()\n@helper.create\n"
        "def create(event, _):\n    return boto3.client('s3').list_buckets()\n"
        "def handler(event, context):\n    helper(event, context)\n"
    )
    assert found(tmp_path, "EXE008", "SQS", app_dot_py=code) == {("app.py", 6)}


def test_a_key_that_is_only_logged_needs_no_decoding(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    for r in event['Records']:\n        print(r['s3']['object']['key'])\n"
    assert found(tmp_path, "ESM010", "S3", app_dot_py=code) == set()
    used = code.replace("print(", "open(")
    assert found(tmp_path, "ESM010", "S3", app_dot_py=used) == {("app.py", 3)}


@pytest.mark.parametrize(("looked_at", "lines"), [("if r['Count'] > 0:", set()), ("if r['Items']:", {4})])
def test_whether_there_is_any_needs_one_page(looked_at: str, lines: set[int], tmp_path: Path) -> None:
    code = (
        "import boto3\nt = boto3.resource('dynamodb').Table('t')\ndef handler(event, context):\n"
        f"    r = t.query(KeyConditionExpression='a = :a')\n    {looked_at}\n        return 1\n"
    )
    assert {line for _, line in found(tmp_path, "LIM014", "SQS", app_dot_py=code)} == lines


@pytest.mark.parametrize(("unpacks", "told"), [("z.extractall('/tmp/site/')", False), ("z.close()", True)])
def test_what_is_unpacked_in_tmp_is_there(unpacks: str, told: bool, tmp_path: Path) -> None:
    code = (
        f"import zipfile\ndef handler(event, context):\n    z = zipfile.ZipFile('site.zip')\n    {unpacks}\n"
        "    text = open('/tmp/site/config.js').read()\n    with open('/tmp/site/config.js', 'w') as out:\n"
        "        out.write(text)\n"
    )
    assert bool(found(tmp_path, "EXE005", "SQS", app_dot_py=code)) is told


@pytest.mark.parametrize(
    ("test", "lines"), [("if os.getenv('LOG_LEVEL') == 'DEBUG':", set()), ("with open('a'):", {5})]
)
def test_debug_that_something_decides_is_no_default(test: str, lines: set[int], tmp_path: Path) -> None:
    code = (
        f"import logging, os\nlogger = logging.getLogger()\ndef handler(event, context):\n    {test}\n"
        "        logger.setLevel(logging.DEBUG)\n"
    )
    assert {line for _, line in found(tmp_path, "CST005", "SQS", app_dot_py=code)} == lines

"""How handlers are found and what is followed from them: wrapped, curried, loose, in images, through names."""

# ruff: noqa: E501

from pathlib import Path

import pytest

from lambent.pitfalls import checking
from lambent.pitfalls.facts import reading

SAM = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def found(folder: Path, *codes: str) -> list[tuple[str, str, int]]:
    return [(one.code, one.place.path, one.place.line) for one in checking.check(folder, codes).findings]


NODE = SAM + "    Properties: {Runtime: nodejs20.x, Handler: app.handler, Events: {A: {Type: HttpApi}}}\n"


def test_a_handler_inside_of_a_function_that_is_handed_over_is_one(tmp_path: Path) -> None:
    curried = (
        "const w = require('w');\nexports.handler = w((metrics) => async (event) => {\n  console.log(event);\n});\n"
    )
    assert found(written(tmp_path, template_dot_yaml=NODE, app_dot_js=curried), "SEC005") == [("SEC005", "app.js", 3)]


def test_what_wraps_a_handler_may_catch(tmp_path: Path) -> None:
    bare = "exports.handler = async (event) => {\n  return { statusCode: 200, body: JSON.parse(event.body).a };\n};\nconst AWS = require('aws-sdk');\n"
    written(tmp_path, template_dot_yaml=NODE, app_dot_js=bare)
    assert found(tmp_path, "API001") == [("API001", "app.js", 1)]
    written(tmp_path, app_dot_js=bare.replace("async (event)", "wrap(async (event)").replace("};", "});"))
    assert not found(tmp_path, "API001")


def test_a_name_for_all_that_a_module_exports_is_followed(tmp_path: Path) -> None:
    tools = "const { S3Client } = require('@aws-sdk/client-s3');\nconst utils = module.exports;\nmodule.exports.read = async () => utils.fetch();\nmodule.exports.fetch = async () => {\n  return new S3Client({});\n};\n"
    app = "const utils = require('./tools');\nexports.handler = async (event) => utils.read();\n"
    written(tmp_path, template_dot_yaml=NODE, app_dot_js=app, tools_dot_js=tools)
    assert found(tmp_path, "EXE008") == [("EXE008", "tools.js", 5)]


def test_javascript_handlers_that_no_template_names_are_read(tmp_path: Path) -> None:
    written(tmp_path, one_dot_js="exports.handler = async (event) => {\n  console.log(event);\n};\n",
            two_dot_ts="export const handler = async (event: any) => {\n  console.log(event);\n};\n",
            app_dot_test_dot_js="exports.handler = async (event) => { console.log(event); };\n",
            button_dot_js="export const handler = (click) => { console.log(click); };\n")  # fmt: skip
    assert found(tmp_path, "SEC005") == [("SEC005", "one.js", 2), ("SEC005", "two.ts", 2)]


def test_a_definition_with_substitutions_for_numbers_is_read(tmp_path: Path) -> None:
    machine = '{"StartAt": "A", "States": {\n  "A": {"Type": "Task", "Resource": "${WorkArn}",\n    "TimeoutSeconds": ${Seconds}, "End": true}}}\n'
    template = (
        SAM
        + "    Properties: {Handler: a.b}\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties: {DefinitionUri: m.asl.json, DefinitionSubstitutions: {WorkArn: !GetAtt F.Arn, Seconds: 5}}\n"
    )
    written(tmp_path, template_dot_yaml=template, m_dot_asl_dot_json=machine)
    assert found(tmp_path, "SFN003") == [("SFN003", "m.asl.json", 2)]


def test_mappings_of_the_lambda_module_are_mappings(tmp_path: Path) -> None:
    source = 'module "f" {\n  source = "terraform-aws-modules/lambda/aws"\n  event_source_mapping = {\n    q = {\n      event_source_arn = aws_sqs_queue.q.arn\n    }\n  }\n}\nresource "aws_sqs_queue" "q" {}\n'
    written(tmp_path, main_dot_tf=source)
    assert found(tmp_path, "ESM002") == [("ESM002", "main.tf", 4)]


def test_the_code_of_an_image_is_where_its_dockerfile_copies_it_from(tmp_path: Path) -> None:
    template = (
        SAM
        + "    Properties: {PackageType: Image, Timeout: 5}\n    Metadata: {DockerContext: image, Dockerfile: Dockerfile}\n"
    )
    docker = 'FROM public.ecr.aws/lambda/python:3.12\nCOPY src/ \\\n  ${LAMBDA_TASK_ROOT}/\nCMD ["app.handler"]\n'
    code = "def handler(event, context):\n    print(event)\n"
    written(tmp_path, template_dot_yaml=template, image__Dockerfile=docker, image__src__app_dot_py=code)
    (function,) = reading.read(tmp_path).functions
    assert (function.fact("Runtime").value, function.fact("Handler").value) == ("python3.12", "app.handler")
    assert found(tmp_path, "SEC005") == [("SEC005", "image/src/app.py", 2)]
    assert not checking.check(tmp_path).not_read


def test_an_image_of_the_serverless_framework_is_read_by_its_build(tmp_path: Path) -> None:
    service = "service: s\nprovider: {name: aws, ecr: {images: {main: {path: ./image}}}}\nfunctions: {f: {image: {name: main, command: [app.handler]}}}\n"
    code = "def handler(event, context):\n    print(event)\n"
    docker = "FROM public.ecr.aws/lambda/python:3.12\nCOPY app.py ./\n"
    written(tmp_path, serverless_dot_yml=service, image__Dockerfile=docker, image__app_dot_py=code)
    assert found(tmp_path, "SEC005") == [("SEC005", "image/app.py", 2)]


def test_an_image_without_a_dockerfile_or_outside_of_the_project_is_told(tmp_path: Path) -> None:
    for metadata in (
        "",
        "    Metadata: {DockerContext: ../../.., Dockerfile: etc/passwd}\n",
        "    Metadata: {DockerContext: [a], Dockerfile: 1}\n",
    ):
        written(tmp_path, template_dot_yaml=SAM + "    Properties: {PackageType: Image}\n" + metadata)
        assert "container image" in checking.check(tmp_path).not_read[0].because


RECORDS = """import json
def handler(event, context):
    for record in event["Records"]:
        print(record)
        print(record["messageId"])
    body = json.loads(event["body"])
    print(f"got {body}")
    print(body["id"], len(event["Records"]))
"""


def test_records_and_bodies_as_they_came_are_content_and_their_ids_are_not(tmp_path: Path) -> None:
    written(tmp_path, app_dot_py=RECORDS)
    assert [line for _, _, line in found(tmp_path, "SEC005")] == [4, 7]


def test_what_an_upload_names_is_read_whole_and_what_is_configured_is_not(tmp_path: Path) -> None:
    code = """import boto3
s3 = boto3.client("s3")
def handler(event, context):
    key = event["Records"][0]["s3"]["object"]["key"]
    got = s3.get_object(Bucket="b", Key=key)
    text = got["Body"].read().decode()
    return text, s3.get_object(Bucket="b", Key="config.json")["Body"].read()
"""
    written(tmp_path, app_dot_py=code)
    assert found(tmp_path, "EXE012") == [("EXE012", "app.py", 6)]


CHALICE = """from chalice import Chalice
import boto3
app = Chalice(app_name="a")
@app.route("/")
def index():
    return list_all()
@app.route("/{name}")
def one(name):
    print(name)
def list_all():
    return boto3.client("s3").list_objects_v2(Bucket="b")
"""


def test_all_routes_of_chalice_are_reached_and_their_parameters_are_no_events(tmp_path: Path) -> None:
    written(tmp_path, app_dot_py=CHALICE, _dot_chalice__config_dot_json="{}")
    codes = ("EXE008", "LIM014", "SEC005")
    assert found(tmp_path, *codes) == [("EXE008", "app.py", 11), ("LIM014", "app.py", 11)]


def test_a_client_in_a_global_is_kept_where_it_is_made_under_a_condition(tmp_path: Path) -> None:
    code = "import boto3\nS3 = None\ndef handler(event, context):\n    global S3\n    S3 = %s\n    return S3.list_buckets()\n"
    written(tmp_path, app_dot_py=code % 'boto3.client("s3")')
    assert found(tmp_path, "EXE008") == [("EXE008", "app.py", 5)]
    written(tmp_path, app_dot_py=code % 'S3 or boto3.client("s3")')
    assert not found(tmp_path, "EXE008")


def test_the_records_of_an_event_inside_of_a_message_are_not_the_batch(tmp_path: Path) -> None:
    code = "import json\ndef handler(event, context):\n    inner = json.loads(event['Records'][0]['body'])\n    return inner['Records'][0]['s3']\n"
    template = (
        SAM
        + "    Properties: {Runtime: python3.12, Handler: app.handler, Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}}}\n  Q: {Type: AWS::SQS::Queue}\n"
    )
    written(tmp_path, app_dot_py=code, template_dot_yaml=template)
    assert found(tmp_path, "ASY007") == [("ASY007", "app.py", 3)]


def test_machines_of_the_serverless_framework_are_read_also_from_files(tmp_path: Path) -> None:
    service = "service: s\nprovider: {name: aws}\nfunctions: {do_it: {handler: app.handler}}\nstepFunctions:\n  stateMachines:\n    flow: ${file(flow.yml)}\n"
    flow = "definition:\n  StartAt: A\n  States:\n    A:\n      Type: Map\n      Iterator:\n        StartAt: B\n        States:\n          B: {Type: Task, End: true, Resource: {Fn::GetAtt: [DoUnderscoreitLambdaFunction, Arn]}}\n      End: true\n"
    written(tmp_path, serverless_dot_yml=service, flow_dot_yml=flow)
    assert found(tmp_path, "SFN") == [("SFN001", "flow.yml", 4), ("SFN003", "flow.yml", 9)]


def test_a_service_whose_variables_name_each_other_ends(tmp_path: Path) -> None:
    many = ", ".join(f"k{i}: '${{self:custom}}'" for i in range(9))
    written(
        tmp_path,
        serverless_dot_yml=f"service: s\nprovider: {{name: aws}}\ncustom: {{{many}}}\nfunctions: {{f: {{handler: a.b, environment: '${{self:custom}}'}}}}\n",
    )
    assert [one.id for one in reading.read(tmp_path).functions] == ["f"]


def test_a_variable_that_the_template_does_not_set(tmp_path: Path) -> None:
    code = "import os\nA = os.environ['A_TABLE']\nB = os.environ['B'] if 'B' in os.environ else 1\ndef handler(event, context):\n    return os.environ['AWS_REGION'], os.environ['C']\n"
    written(
        tmp_path,
        app_dot_py=code,
        template_dot_yaml=SAM
        + "    Properties: {Runtime: python3.12, Handler: app.handler, Environment: {Variables: {C: x}}}\n",
    )
    assert found(tmp_path, "ARC008") == [("ARC008", "app.py", 2)]


SHAPES = {
    "sqs": "for r in event['Records']:\n        print(r['body']['id'])",
    "s3": "return event['Records'][0]['s3']['object']",
    "sns": "return event['Records'][0]['Sns']",
    "logs": "return event['awslogs']['data']",
    "http": "return {'statusCode': 200, 'body': event.get('queryStringParameters')}",
    "rule": "return event['detail']",
}


@pytest.mark.parametrize("kind", SHAPES)
def test_what_code_takes_from_the_event_tells_what_drives_it(kind: str, tmp_path: Path) -> None:
    written(tmp_path, app_dot_py=f"def handler(event, context):\n    {SHAPES[kind]}\n")
    (function,) = reading.read(tmp_path).functions
    assert [one.kind for one in function.triggers] == [kind]
    assert function.triggers[0].fact("BatchSize").unknown


def test_what_only_a_template_says_is_not_said_of_a_handler_without_one(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    try:\n        return event['Records'][0]['messageId'], event['Records'][0]['body']\n    except Exception:\n        return None\n"
    written(tmp_path, app_dot_py=code)
    assert [one for one, _, _ in found(tmp_path)] == ["OBS008"]


def test_code_that_tells_nothing_of_its_event_is_driven_by_nothing(tmp_path: Path) -> None:
    written(tmp_path, app_dot_py="def handler(event, context):\n    return event\n")
    (function,) = reading.read(tmp_path).functions
    assert not function.triggers


def test_what_a_callback_of_the_sdk_does_is_seen(tmp_path: Path) -> None:
    code = "const AWS = require('aws-sdk');\nconst s3 = new AWS.S3();\nconst sns = new AWS.SNS();\nexports.handler = (event, context, callback) => {\n  s3.getObject({ Bucket: 'b', Key: event.queryStringParameters.k }, (err, data) => {\n    if (err) callback(null, { statusCode: 500 });\n    console.log(process.env);\n  });\n};\n"
    written(tmp_path, app_dot_js=code)
    assert found(tmp_path, "SEC005", "API001") == [("SEC005", "app.js", 7)]


def test_the_token_of_an_attempt_is_no_secret_and_another_one_is(tmp_path: Path) -> None:
    code = "import logging\nlogger = logging.getLogger()\ndef handler(event, context):\n    token = event['%s']\n    logger.info('x %%s' %% token)\n"
    written(tmp_path, app_dot_py=code % "ClientRequestToken")
    assert not found(tmp_path, "SEC005")
    written(tmp_path, app_dot_py=code % "access")
    assert found(tmp_path, "SEC005") == [("SEC005", "app.py", 5)]


def test_variables_of_another_function_in_javascript_that_both_load_are_no_fault(tmp_path: Path) -> None:
    service = "service: s\nprovider: {name: aws, runtime: nodejs20.x, tracing: true}\nfunctions:\n  a: {handler: a.handler, environment: {A: x}}\n  b: {handler: b.handler, environment: {B: x}}\n"
    shared = "const a = process.env.A;\nconst b = process.env.B;\nconst c = process.env.C_TOPIC;\nmodule.exports = { a, b, c };\n"
    code = "const s = require('./shared');\nexports.handler = async (event) => s.a;\n"
    written(tmp_path, serverless_dot_yml=service, shared_dot_js=shared, a_dot_js=code, b_dot_js=code)
    assert found(tmp_path, "ARC008") == [("ARC008", "shared.js", 3)]
    assert reading.read(tmp_path).stacks[0].functions[0].fact("TracingConfig", "Mode").value == "Active"


PYTHON = (
    SAM
    + "    Properties: {Runtime: python3.13, Handler: app.handler, Events: {A: {Type: SNS, Properties: {Topic: t}}}}\n"
)
POWERTOOLS = (
    "from aws_lambda_powertools import Logger\nlogger = Logger()\n\n@logger.inject_lambda_context(log_event=%s)\n"
)


@pytest.mark.parametrize(
    ("code", "source", "lines"),
    [
        ("SEC005", POWERTOOLS % "True" + "def handler(event, context):\n    pass\n", [4]),
        ("SEC005", POWERTOOLS % "False" + "def handler(event, context):\n    pass\n", []),
        (
            "SEC005",
            "import logging\nlog = logging.getLogger()\ndef handler(event, context):\n    log.debug(event)\n",
            [],
        ),
        (
            "SEC005",
            "import logging\nlog = logging.getLogger()\ndef handler(event, context):\n    log.info(event)\n",
            [4],
        ),
        (
            "EXE008",
            "import boto3\nclass A:\n    def __init__(self):\n        self.s3 = boto3.client('s3')\n\ndef handler(event, context):\n    A()\n",
            [4],
        ),
        (
            "EXE008",
            "import boto3\nclass A:\n    def __init__(self):\n        self.s3 = boto3.client('s3')\n\na = A()\ndef handler(event, context):\n    a\n",
            [],
        ),
        (
            "OBS008",
            "def handler(event, context):\n    try:\n        go(event)\n    except Exception:\n        print('no')\n    return 1\n",
            [4],
        ),
        (
            "OBS008",
            "def handler(event, context):\n    try:\n        maybe(event)\n    except Exception:\n        pass\n    go(event)\n",
            [],
        ),
    ],
)
def test_what_other_peoples_python_is_made_of(code: str, source: str, lines: list[int], tmp_path: Path) -> None:
    written(tmp_path, template_dot_yaml=PYTHON, app_dot_py=source)
    assert [line for _, _, line in found(tmp_path, code)] == lines


def test_a_parameter_that_is_named_as_a_secret_is_one_without_noecho_too(tmp_path: Path) -> None:
    text = (
        "Parameters:\n  ApiKey: {Type: String}\n"
        + SAM
        + "    Properties: {Environment: {Variables: {API_KEY: !Ref ApiKey}}}\n"
    )
    assert found(written(tmp_path, template_dot_yaml=text), "SEC001") == [("SEC001", "template.yaml", 7)]

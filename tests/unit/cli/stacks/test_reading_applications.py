"""What the command line makes of SAM's, CDK's and the Serverless Framework's files."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from lambent.cli.errors import CliError
from lambent.cli.stacks import packaging
from lambent.cli.stacks.app import App, read_document
from lambent.cli.stacks.finding import Given, apps, is_application
from lambent.cli.stacks.variables import Variables

SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: src/, Handler: app.handler, Runtime: python3.13}}
  L: {Type: AWS::Lambda::LayerVersion, Properties: {Content: layer}}
  G: {Type: AWS::Lambda::Function, Properties: {Code: one.py, Handler: one.h, Runtime: python3.13}}
  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}
  S: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: s.json}}
  B: {Type: AWS::Serverless::Function, Properties: {CodeUri: "s3://bucket/key", Handler: a.b, Runtime: python3.13}}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def sam(tmp_path: Path) -> Path:
    files = {
        "template.yaml": SAM,
        "src/app.py": "def handler(event, context): pass",
        "layer/python/x.py": "",
        "one.py": "def h(event, context): pass",
        "inner.yaml": "Resources: {H: {Type: AWS::Lambda::Function, Properties: {Code: src}}}",
        "s.json": "{}",
        "samconfig.toml": '[default.deploy.parameters]\nstack_name = "mine"\n'
        'parameter_overrides = "Stage=\\"a b\\" X=1"',
    }
    return write(tmp_path, files)


def only(path: Path, given: Given | None = None) -> App:
    [app] = apps(path, given or Given())
    return app


def test_a_template_is_found_with_what_sam_has_written_down(sam: Path) -> None:
    app = only(sam)
    assert (app.name, dict(app.parameters)) == ("mine", {"Stage": "a b"})
    given = only(sam / "template.yaml", Given("other", {"Stage": "c"}))
    assert (given.name, dict(given.parameters)) == ("other", {"Stage": "c"})


def test_every_local_file_is_named_in_the_bucket(sam: Path) -> None:
    packed = packaging.packaged(only(sam), "b")
    found = {name: one["Properties"] for name, one in packed.template["Resources"].items()}
    assert found["F"]["CodeUri"].startswith("s3://b/") and found["F"]["CodeUri"].endswith(".zip")
    assert found["L"]["Content"]["S3Bucket"] == found["G"]["Code"]["S3Bucket"] == "b"
    assert found["S"]["DefinitionUri"]["Key"].endswith(".json")
    assert found["B"]["CodeUri"] == "s3://bucket/key"
    inner = json.loads(packed.objects[found["N"]["TemplateURL"].rpartition("/")[2]])
    assert inner["Resources"]["H"]["Properties"]["Code"]["S3Key"] in packed.objects
    assert packaging.packaged(only(sam), "b").objects == packed.objects
    assert packaging.code_folders(only(sam)) == {"F": (sam / "src").resolve()}


def test_a_file_that_is_not_there_is_said(sam: Path) -> None:
    (sam / "one.py").unlink()
    with pytest.raises(CliError, match=r"one\.py: there is no such file"):
        packaging.packaged(only(sam), "b")


def test_code_of_globals_and_of_nobody_is_packed(tmp_path: Path) -> None:
    text = "Globals: {Function: {CodeUri: src}}\nResources: {F: {Type: AWS::Serverless::Function}}"
    write(tmp_path, {"template.yaml": text, "src/a.py": ""})
    packed = packaging.packaged(only(tmp_path), "b")
    assert packed.template["Globals"]["Function"]["CodeUri"].startswith("s3://b/")
    assert "Properties" not in packed.template["Resources"]["F"] or not packed.template["Resources"]["F"]["Properties"]


def test_a_folder_of_code_is_no_application(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "", "template.yaml": "greeting: hello", "manifest.json": "{}"})
    assert not is_application(tmp_path)
    with pytest.raises(CliError, match=r"no template\.yaml"):
        apps(tmp_path, Given())


@pytest.mark.parametrize("text", ["", "[1]", "Resources:", ": :", "Parameters: {}"])
def test_what_is_no_template_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(CliError):
        apps(write(tmp_path, {"t.yaml": text}) / "t.yaml", Given())


def assembly(folder: Path) -> Path:
    stack = {
        "type": "aws:cloudformation:stack",
        "dependencies": ["S.assets"],
        "properties": {"templateFile": "S.template.json", "stackName": "app", "tags": {"a": "b"}},
    }
    first = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "First.template.json"}}
    stack["dependencies"] = ["S.assets", "First"]
    destination = {"d": {"bucketName": "cdk-x-assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "k.zip"}}
    files = {"k": {"source": {"path": "asset.k", "packaging": "zip"}, "destinations": destination}}
    manifest = {
        "version": "39.0.0",
        "artifacts": {
            "S": stack,
            "First": first,
            "S.assets": {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}},
        },
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": "b", "S3Key": "k.zip"}}}
    template = {
        "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>"}, "P": {"Type": "String"}},
        "Rules": {"CheckBootstrapVersion": {}},
        "Resources": {"F": function},
    }
    return write(
        folder,
        {
            "manifest.json": json.dumps(manifest),
            "S.assets.json": json.dumps({"files": files}),
            "S.template.json": json.dumps(template),
            "First.template.json": json.dumps({"Resources": {}}),
            "asset.k/index.js": "",
        },
    )


def test_a_cloud_assembly_needs_no_bootstrapping(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out")
    first, app = apps(tmp_path, Given(account="111122223333", region="eu-west-1"))
    assert (first.name, app.name, app.tags) == ("First", "app", {"a": "b"})
    assert list(app.template["Parameters"]) == ["P"] and "Rules" not in app.template
    [upload] = app.uploads
    assert (upload.bucket, upload.key) == ("cdk-x-assets-111122223333-eu-west-1", "k.zip")
    assert packaging.code_folders(app) == {"F": tmp_path / "cdk.out" / "asset.k"}
    with pytest.raises(CliError, match="can't name them all"):
        apps(tmp_path, Given("one"))


def test_an_image_of_a_cloud_assembly_is_refused_by_name(tmp_path: Path) -> None:
    assembly(tmp_path)
    (tmp_path / "S.assets.json").write_text(json.dumps({"dockerImages": {"i": {}}}))
    with pytest.raises(CliError, match="cdk deploy"):
        apps(tmp_path, Given())


SERVICE = """
service: shop
plugins: [serverless-offline]
custom: &own
  table: ${self:service}-${sls:stage}-orders
  sizes: {dev: 128, prod: 512}
  nested: ${self:custom.sizes.${sls:stage}}
provider:
  name: aws
  runtime: python3.13
  stage: ${opt:stage, 'dev'}
  environment: {TABLE: "${self:custom.table}", REGION: "${aws:region}", N: 1, ON: true, R: !Ref Queue}
  iam:
    role:
      statements:
        - {Effect: Allow, Action: "dynamodb:*", Resource: "*"}
functions:
  create-order:
    handler: app.create
    memorySize: ${self:custom.nested}
    events:
      - http: {path: "/orders/{id}", method: post, cors: true}
      - http: GET orders
      - httpApi: '*'
      - sqs: {arn: !GetAtt Queue.Arn, batchSize: 5, functionResponseType: ReportBatchItemFailures}
      - sns: told
      - s3: {bucket: pictures, event: "s3:ObjectCreated:Put", rules: [{suffix: .png}]}
      - schedule: rate(5 minutes)
      - eventBridge: {pattern: {source: [a]}}
      - stream: {type: dynamodb, arn: !GetAtt Table.StreamArn, batchSize: 2}
      - cognitoUserPool: {pool: my-users, trigger: PreSignUp}
    destinations: {onFailure: other}
    url: true
  other: {handler: app.other, name: "named-${sls:stage}"}
resources:
  Resources:
    Queue: {Type: AWS::SQS::Queue}
    CreateDashorderLambdaFunction: {Properties: {Description: more}}
  Outputs: {Q: {Value: !Ref Queue}}
"""


def service(tmp_path: Path, text: str = SERVICE, stage: str | None = None) -> App:
    return only(write(tmp_path, {"serverless.yml": text, "app.py": ""}), Given(stage=stage))


def test_a_service_becomes_a_template_under_the_frameworks_names(tmp_path: Path) -> None:
    app = service(tmp_path, stage="prod")
    assert (app.name, app.tags) == ("shop-prod", {"STAGE": "prod"})
    resources = app.template["Resources"]
    function = resources["CreateDashorderLambdaFunction"]["Properties"]
    assert function["FunctionName"] == "shop-prod-create-order" and function["MemorySize"] == 512
    assert function["Timeout"] == 6 and function["Description"] == "more"
    assert function["Environment"]["Variables"] == {
        "TABLE": "shop-prod-orders", "REGION": "us-east-1", "N": "1", "ON": "true", "R": {"Ref": "Queue"},
    }  # fmt: skip
    kinds = [one["Type"] for one in function["Events"].values()]
    assert kinds == ["Api", "Api", "HttpApi", "SQS", "SNS", "S3", "Schedule", "EventBridgeRule", "DynamoDB", "Cognito"]
    pool = {"UserPool": {"Ref": "CognitoUserPoolMyUsers"}, "Trigger": "PreSignUp"}
    assert function["Events"]["Cognito10"]["Properties"] == pool
    assert resources["CognitoUserPoolMyUsers"]["Properties"] == {"UserPoolName": "my-users"}
    assert function["Events"]["Api1"]["Properties"]["Path"] == "/orders/{id}"
    assert function["Events"]["SQS4"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["OtherLambdaFunction", "Arn"]
    }
    assert resources["S3BucketPictures"]["Properties"] == {"BucketName": "pictures"}
    assert resources["ApiGatewayRestApi"]["Properties"]["StageName"] == "prod"
    statements = resources["IamRoleLambdaExecution"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert [one["Action"] for one in statements][-1] == "dynamodb:*"
    assert resources["OtherLogGroup"]["Properties"] == {"LogGroupName": "/aws/lambda/named-prod"}
    assert set(app.template["Outputs"]) == {"Q", "ServiceEndpoint", "HttpApiUrl"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("stepFunctions: {}", "stepFunctions"),
        ("functions: {f: {handler: a.b, image: x}}", "image"),
        ("functions: {f: {handler: a.b, events: [{alb: {}}]}}", "alb"),
        ("functions: {f: {handler: a.b, events: [{http: {path: x, method: get, private: true}}]}}", "private"),
        ("functions: {f: {handler: '${cf:other.Output}'}}", "outputs of other stacks"),
        ("functions: {f: {handler: '${file(x.js):a}'}}", "x.js"),
        ("functions: {f: {handler: '${env:NOBODY_HAS_THIS}'}}", "has no value"),
        ("custom: {a: '${self:custom.a}'}", "leads back"),
    ],
)
def test_what_is_not_read_of_a_service_is_refused_by_name(tmp_path: Path, more: str, said: str) -> None:
    text = f"service: s\nprovider: {{name: aws, runtime: nodejs22.x}}\n{more}\n"
    write(tmp_path, {"x.js": ""})
    with pytest.raises(CliError, match=said):
        service(tmp_path, text)


def resolved(said: Any, tmp_path: Path, **document: Any) -> Any:
    return Variables(document, tmp_path, {"stage": "qa"}, {"stage": "qa"}, {"p": 7}).value(said)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("${opt:none, self:a.b, 'x'}", {"c": [1, 2]}),
        ("${opt:none, 'x, y'}", "x, y"),
        ("${self:a.b.c.1}", 2),
        ("${file(f.yml):k.${sls:stage}}", "v"),
        ("${param:p}${param:p}", "77"),
        ("${AWS::Region} ${Table}", "${AWS::Region} ${Table}"),
        ("${ssm:/a/b}", "{{resolve:ssm:/a/b}}"),
        ("${opt:none, null}", None),
        ("${opt:none, false}", False),
        ("${file(list.yml)}", [1, 2]),
    ],
)
def test_variables_of_a_service(tmp_path: Path, said: str, value: Any) -> None:
    write(tmp_path, {"f.yml": "k: {qa: v}", "list.yml": "- 1\n- 2\n"})
    assert resolved(said, tmp_path, a={"b": {"c": [1, 2]}}) == value


@pytest.mark.parametrize(
    "line",
    ['{0}: &{0} ["x", *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]', "{0}: &{0} {{<<: [*{1}, *{1}, *{1}, *{1}]}}"],
)
def test_aliases_that_unfold_without_end_are_refused(tmp_path: Path, line: str) -> None:
    names = [f"n{number}" for number in range(20)]
    lines = ["n0: &n0 {a: 1}", *(line.format(name, before) for before, name in itertools.pairwise(names))]
    write(tmp_path, {"serverless.yml": "\n".join(lines), "twice.yml": "a: &a [*a]\n"})
    for name, why in (("serverless.yml", "unfold to more than"), ("twice.yml", "unfold to more than")):
        with pytest.raises(CliError, match=why):
            read_document(tmp_path / name, aliases=True)


def test_variables_that_unfold_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambent.cli.stacks.variables.MOST_STEPS", 1_000)
    texts = {f"n{number}": f"${{self:n{number - 1}}}" * 4 for number in range(1, 25)}
    lists = {f"n{number}": [f"${{self:n{number - 1}}}"] * 4 for number in range(1, 25)}
    for document in (texts, lists):
        with pytest.raises(CliError, match="unfold to more than"):
            Variables({"n0": "x", **document}, tmp_path, {}, {}).value("${self:n12}")

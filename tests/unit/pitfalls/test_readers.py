"""One project in five formats gives the same facts; what can't be known is unknown."""

# ruff: noqa: E501

from pathlib import Path
from typing import Any

import pytest

from lambent.pitfalls import checking, effects, keys, networks, packages
from lambent.pitfalls.facts import hcl, reading
from lambent.pitfalls.facts.project import Function
from lambent.pitfalls.facts.tree import Ref, Unknown
from lambent.pitfalls.facts.wiring import PULLED

FORMATS = Path(__file__).parent / "formats"
NAMES = ("sam", "cloudformation", "cdk", "serverless", "terraform")


def drives(function: Function) -> list[tuple[Any, ...]]:
    """What drives it, in the order of the kinds."""
    found = []
    for trigger in function.triggers:
        said = {key: trigger.fact(key).value for key in ("BatchSize", "StartingPosition", "MaximumRetryAttempts")}
        source = function.stack.target(trigger.source) if trigger.kind in PULLED else None
        when = trigger.fact("Schedule").value or trigger.fact("ScheduleExpression").value
        found.append((trigger.kind, source.type if source is not None else when, said))
    return sorted(found, key=lambda one: one[0])


def facts(function: Function) -> dict[str, Any]:
    """What a reader knows of a function and of what stands beside it."""
    stack = function.stack
    (queue,), (table,) = stack.of("AWS::SQS::Queue"), stack.of("AWS::DynamoDB::Table")
    (group,), (alarm,) = stack.of("AWS::Logs::LogGroup"), stack.of("AWS::CloudWatch::Alarm")
    target = function.fact("DeadLetterConfig", "TargetArn").value or function.fact("DeadLetterQueue", "TargetArn").value
    return {
        "name": function.fact("FunctionName").value,
        "timeout": function.timeout,
        "memory": function.fact("MemorySize").number,
        "runtime": function.fact("Runtime").value,
        "reserved": function.fact("ReservedConcurrentExecutions").number,
        "environment": dict(function.environment),
        "drives": drives(function),
        "dead letters": stack.target(target) is queue,
        "visibility": queue.fact("VisibilityTimeout").number,
        "stream": table.fact("StreamSpecification", "StreamViewType").value,
        "billing": table.fact("BillingMode").value,
        "key": [(one["AttributeName"], one["KeyType"]) for one in table.fact("KeySchema").value],
        "logs": group.fact("RetentionInDays").number,
        "alarm": tuple(alarm.fact(name).value for name in ("Namespace", "MetricName", "Threshold")),
        "role": (function.permissions_known, [one.actions for one in function.statements]),
        "calls": [(one.service, one.operation, one.place.line) for one in effects.calls(function)],
    }


def the_function(name: str) -> Function:
    (function,) = [one for one in reading.read(FORMATS / name).functions if one.listed]
    return function


def test_five_formats_give_the_same_facts() -> None:
    first = facts(the_function("sam"))
    assert first["calls"] == [("dynamodb", "put_item", 10)]
    assert first["role"] == (True, [("dynamodb:PutItem",)])
    assert [kind for kind, *_ in first["drives"]] == ["dynamodb", "rule-schedule", "sqs"]
    for name in NAMES[1:]:
        assert facts(the_function(name)) == first, name


def test_five_formats_give_the_same_findings() -> None:
    # SAM and the Serverless Framework add what Lambda itself needs to a role; in the others it is not there.
    def found(name: str) -> set[tuple[str, str]]:
        report = checking.check(FORMATS / name, ignore=["IAM005", "IAM006"], everything=True)
        return {(one.code, one.level) for one in report.findings}

    first = found("sam")
    assert {"ESM001", "ESM006"} <= {code for code, _ in first} and ("OBS001", "info") not in first
    for name in NAMES[1:]:
        assert found(name) == first, name


def test_chalice_gives_the_same_facts() -> None:
    """What it can say of them: each source has a function of its own, and what is there already is no resource."""
    functions = [one for one in reading.read(FORMATS / "chalice").functions if one.listed]
    first = the_function("sam")
    for one in functions:
        assert (one.timeout, one.fact("MemorySize").number, dict(one.environment)) == (60, 512, {"TABLE": "orders"})
        assert one.fact("ReservedConcurrentExecutions").number == 7
        assert (one.permissions_known, [said.actions for said in one.statements]) == (True, [("dynamodb:PutItem",)])
        assert [(call.service, call.operation) for call in effects.calls(one)] == [("dynamodb", "put_item")]

    def plain(function: Function) -> list[tuple[Any, ...]]:
        return [
            (kind, *(what if kind == "rule-schedule" else ("",)), said["BatchSize"], said["StartingPosition"])
            for kind, what, said in drives(function)
        ]

    found = sorted((one for function in functions for one in plain(function)), key=lambda one: one[0])
    assert found == plain(first)


@pytest.mark.parametrize("name", NAMES)
def test_findings_stand_at_the_property_of_their_own_file(name: str) -> None:
    (finding,) = checking.check(FORMATS / name, select=["ESM001"]).findings
    line = (FORMATS / name / finding.place.path).read_text("utf-8").splitlines()[finding.place.line - 1]
    assert "90" in line


def test_a_parameter_is_unknown_and_a_rule_that_needs_it_is_silent(tmp_path: Path) -> None:
    source = (
        (FORMATS / "sam" / "template.yaml")
        .read_text("utf-8")
        .replace("VisibilityTimeout: 90", "VisibilityTimeout: !Ref V")
    )
    (tmp_path / "template.yaml").write_text(f"Parameters:\n  V: {{Type: Number, Default: 10}}\n{source}", "utf-8")
    assert not checking.check(tmp_path, select=["ESM001"]).findings


def test_serverless_variables_of_the_world_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: s\nprovider: {name: aws, timeout: '${opt:t, 60}', stage: \"${opt:stage, 'dev'}\"}\n"
        "custom: {b: '${self:service}-${self:provider.stage}'}\n"
        "functions:\n  f:\n    handler: a.b\n    memorySize: ${self:custom.none, 256}\n"
        "    environment: {B: '${self:custom.b}', S: '${self:service}'}\n",
        "utf-8",
    )
    (function,) = reading.read(tmp_path).functions
    assert function.timeout is None and isinstance(function.fact("Timeout").value, Unknown)
    assert function.fact("MemorySize").number == 256
    assert function.environment["S"] == "s" and not isinstance(function.environment["B"], str)


def test_hcl_of_every_shape() -> None:
    (block,) = hcl.load(
        'resource "a" "b" {\n  x = var.on ? 1 : 2\n  y = [for k in z : k.id]\n  n = -3\n  t = <<-EOT\n    hi ${c.d.e}\n  EOT\n'
        '  m = { "k" = "v", (local.z) : 1 }\n  s = "a${"b"}c"\n  d = c.d[0].arn\n  call = max(1, 2)\n  inner "l" { q = true }\n}\n'
    )
    assert (block.type, block.labels, block.blocks[0].labels) == ("resource", ["a", "b"], ["l"])
    assert isinstance(block.body["x"], Unknown) and isinstance(block.body["y"], Unknown)
    assert block.body["n"] == -3 and block.body["s"] == "abc" and block.body["d"] == Ref("c.d", "arn")
    assert block.body["m"]["k"] == "v" and block.body.at["t"][0] == 5


def test_chalice_decorators_are_functions(tmp_path: Path) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(
        '{"lambda_timeout": 20, "stages": {"dev": {"lambda_memory_size": 256}}}'
    )
    (tmp_path / "app.py").write_text(
        "from chalice import Chalice\n\napp = Chalice(app_name='a')\n\n\n@app.on_sqs_message(queue='q', batch_size=5)\n"
        "def work(event):\n    pass\n\n\n@app.route('/')\ndef index():\n    return {}\n"
    )
    by_id = {one.id: one for one in reading.read(tmp_path).functions}
    assert set(by_id) == {"work", "api_handler"}
    assert by_id["work"].timeout == 20 and by_id["work"].fact("MemorySize").number == 256
    assert [one.kind for one in by_id["work"].triggers] == ["sqs"]


def test_a_redrive_policy_of_its_own_belongs_to_its_queue(tmp_path: Path) -> None:
    source = (FORMATS / "terraform" / "main.tf").read_text("utf-8")
    (tmp_path / "main.tf").write_text(source)
    assert checking.check(tmp_path, select=["ESM006"]).findings
    (tmp_path / "dead.tf").write_text(
        'resource "aws_sqs_queue_redrive_policy" "q" {\n  queue_url = aws_sqs_queue.Queue.id\n'
        "  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 5 })\n}\n"
    )
    assert not checking.check(tmp_path, select=["ESM006"]).findings


def test_an_asynchronous_http_event_is_not_cut(tmp_path: Path) -> None:
    text = "service: s\nprovider: {name: aws}\nfunctions:\n  f: {handler: a.b, timeout: 60, events: [{http: {path: /, method: get%s}}]}\n"
    (tmp_path / "serverless.yml").write_text(text % "")
    assert checking.check(tmp_path, select=["LIM004"]).findings
    (tmp_path / "serverless.yml").write_text(text % ", async: true")
    assert not checking.check(tmp_path, select=["LIM004"]).findings


PATHS = """import os
import boto3
s3 = boto3.resource("s3")
def local(key, prefix="/tmp"):
    return os.path.join(prefix, "in", key)
def handler(event, context):
    path = local(event["key"])
    s3.Object("b", event["key"]).download_file(path)
    scan(path)
    os.remove(path)
    with open(local("report", prefix=KEEP), "w") as report:
        report.write("x")
KEEP = "/tmp/kept"
"""


def test_a_path_that_a_function_of_the_project_makes_is_followed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PATHS)
    found = checking.check(tmp_path, select=["EXE003", "EXE004"]).findings
    assert [(one.code, one.place.line) for one in found] == [("EXE004", 8), ("EXE003", 11)]
    assert "/tmp/kept/in/report" in found[1].message


TWO_TABLES = """Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Environment: {Variables: {TABLE: !Ref Used}}
      Policies: [POLICY]
  Used: {Type: AWS::DynamoDB::Table}
  Other: {Type: AWS::DynamoDB::Table}
"""
PUTS = """import os
import boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handler(event, context):
    table.put_item(Item=event)
"""


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("DynamoDBCrudPolicy: {TableName: !Ref Other}", True),
        ("DynamoDBCrudPolicy: {TableName: !Ref Used}", False),
        ("Statement: [{Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt Other.Arn}]", True),
        ("Statement: [{Effect: Allow, Action: 'dynamodb:*', Resource: [!GetAtt Other.Arn, !GetAtt Used.Arn]}]", False),
        (
            "Statement: [{Effect: Allow, Action: 'dynamodb:*', Resource: !Sub 'arn:aws:dynamodb:*:*:table/${Used}'}]",
            False,
        ),
        ("Statement: [{Effect: Allow, Action: 'dynamodb:*', Resource: '*'}]", False),
    ],
)
def test_an_action_that_is_allowed_on_another_resource_is_missing(policy: str, told: bool, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TWO_TABLES.replace("[POLICY]", "[{" + policy + "}]"))
    (tmp_path / "app.py").write_text(PUTS)
    found = checking.check(tmp_path, select=["IAM001"]).findings
    assert [one.message for one in found] == ["the role allows dynamodb:PutItem on others, not on Used"][: int(told)]


NETWORK_CFN = """Resources:
  f:
    Type: AWS::Lambda::Function
    Properties:
      Handler: app.handler
      Runtime: python3.12
      Code: src
      Role: !GetAtt role.Arn
      Layers: [!Ref tools]
      Environment: {Variables: {HOST: !GetAtt db.Endpoint.Address, QUEUE: !Ref q}}
      VpcConfig: {SubnetIds: [!Ref a], SecurityGroupIds: [!Ref own]}
  role: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole", "arn:aws:iam::aws:policy/AmazonSQSFullAccess"]}}
  tools: {Type: AWS::Lambda::LayerVersion, Properties: {Content: layer}}
  key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:root"}, Action: "kms:*", Resource: "*"}]}}}
  q: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref key}}
  a: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-1, CidrBlock: 10.0.0.0/28}}
  t: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-1}}
  r: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref t, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref nat}}
  ta: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref a, RouteTableId: !Ref t}}
  nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: subnet-1}}
  own: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-1}}
  admin: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-1}}
  theirs: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-1, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: !Ref admin}]}}
  db: {Type: AWS::RDS::DBInstance, Properties: {DBSubnetGroupName: g, VPCSecurityGroups: [!Ref theirs]}}
"""
NETWORK_TF = """resource "aws_lambda_function" "f" {
  function_name = "f"
  filename      = "src/app.py"
  handler       = "app.handler"
  runtime       = "python3.12"
  role          = aws_iam_role.role.arn
  layers        = [aws_lambda_layer_version.tools.arn]
  environment {
    variables = { HOST = aws_db_instance.db.address, QUEUE = aws_sqs_queue.q.url }
  }
  vpc_config {
    subnet_ids         = [aws_subnet.a.id]
    security_group_ids = [aws_security_group.own.id]
  }
}
resource "aws_iam_role" "role" {
  managed_policy_arns = ["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole", "arn:aws:iam::aws:policy/AmazonSQSFullAccess"]
}
resource "aws_lambda_layer_version" "tools" {
  layer_name = "tools"
  filename   = "layer"
}
resource "aws_kms_key" "key" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "kms:*", Resource = "*" }] })
}
resource "aws_sqs_queue" "q" {
  kms_master_key_id = aws_kms_key.key.id
}
resource "aws_subnet" "a" {
  vpc_id     = "vpc-1"
  cidr_block = "10.0.0.0/28"
}
resource "aws_route_table" "t" {
  vpc_id = "vpc-1"
  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.nat.id
  }
}
resource "aws_route_table_association" "ta" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.t.id
}
resource "aws_nat_gateway" "nat" {
  subnet_id = "subnet-1"
}
resource "aws_security_group" "own" {}
resource "aws_security_group" "admin" {}
resource "aws_security_group" "theirs" {}
resource "aws_security_group_rule" "in" {
  type                     = "ingress"
  from_port                = 5432
  to_port                  = 5432
  protocol                 = "tcp"
  security_group_id        = aws_security_group.theirs.id
  source_security_group_id = aws_security_group.admin.id
}
resource "aws_db_instance" "db" {
  db_subnet_group_name   = "g"
  vpc_security_group_ids = [aws_security_group.theirs.id]
}
"""
SENDS = """import os
import boto3
s3, sqs = boto3.client("s3"), boto3.client("sqs")
def handler(event, context):
    s3.get_object(Bucket="b", Key="k")
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody="x")
"""


@pytest.mark.parametrize(("name", "text"), [("template.yaml", NETWORK_CFN), ("main.tf", NETWORK_TF)])
def test_networks_keys_and_layers_are_the_same_in_two_languages(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    for path, source in (("src/app.py", SENDS), ("src/tools.py", "A = 1\n"), ("layer/python/tools.py", "A = 2\n")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source)
    (function,) = reading.read(tmp_path).functions
    (subnet,) = networks.subnets(function) or ()
    queue = function.stack.target(function.environment["QUEUE"])
    assert networks.default_route(subnet, function.stack) == "nat"
    assert queue is not None and keys.asks_the_role(queue, function.stack)
    assert [root.name for _, root in packages.layers(function)] == ["layer"]
    codes = ("NET005", "NET006", "CST001", "IAM004", "PKG004", "CON007")
    found = checking.check(tmp_path, codes, everything=True).findings
    assert {one.code for one in found} == set(codes)


CONNECTED = """Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handler}
  T: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Endpoint: !GetAtt F.Arn, Protocol: lambda}]}}
"""


@pytest.mark.parametrize("embedded", [True, False])
def test_what_connectors_allow_is_not_missing(embedded: bool, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        'import boto3\ndef handler(event, context):\n    boto3.client("sqs").send_message(QueueUrl="q", MessageBody="x")\n'
    )
    (tmp_path / "template.yaml").write_text(CONNECTED)
    assert {one.code for one in checking.check(tmp_path, ["IAM"]).findings} == {"IAM001", "IAM005"}
    own = "    Connectors: {C: {Properties: {Destination: {Id: Q}, Permissions: [Write]}}}\n"
    beside = "  C: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: F}, Destination: {Id: Q}, Permissions: [Write]}}\n"
    text = CONNECTED.replace("  T: {", own + "  T: {") if embedded else CONNECTED + beside
    (tmp_path / "template.yaml").write_text(text)
    assert not checking.check(tmp_path, ["IAM"]).findings

"""`--fix` writes the mend and nothing else, and what it mended is not found again."""

from pathlib import Path

import pytest

from lambent.pitfalls import checking, mending

REPORTS = (
    'def handler(event, context):\n    for r in event["Records"]:\n        r\n    return {"batchItemFailures": []}\n'
)
SAM = """# caf\u00e9 and a comment
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Timeout: 60   # a minute
      Events:
        Jobs:
          Type: SQS
          Properties:
            Queue: !GetAtt Jobs.Arn
            BatchSize: 10
        Door: {Type: Api, Properties: {Path: /, Method: get}}
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: 'jobs'
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /aws/lambda/${F}
"""
SAM_AFTER = (
    SAM.replace("Timeout: 60 ", "Timeout: 25 ")
    .replace("            Queue", "            FunctionResponseTypes: [ReportBatchItemFailures]\n            Queue")
    .replace("      QueueName", "      VisibilityTimeout: 360\n      QueueName")
    .replace("      LogGroupName", "      RetentionInDays: 30\n      LogGroupName")
)
HCL = """resource "aws_lambda_function" "F" {
  function_name = "f"
  handler = "app.handler"
  runtime = "python3.12"
  timeout = 60
  filename = "app.py"
}

resource "aws_sqs_queue" "jobs" {
  name       = "jobs" # of theirs
}

resource "aws_lambda_event_source_mapping" "m" {
\tevent_source_arn = aws_sqs_queue.jobs.arn
  function_name    = aws_lambda_function.F.arn
}

resource "aws_cloudwatch_log_group" "logs" {
  name = "/aws/lambda/f"
}
"""
HCL_AFTER = (
    HCL.replace("  name       =", "  visibility_timeout_seconds = 360\n  name       =")
    .replace("\tevent", '\tfunction_response_types = ["ReportBatchItemFailures"]\n\tevent')
    .replace('  name = "/aws', '  retention_in_days = 30\n  name = "/aws')
)
SERVERLESS = """service: s
provider: {name: aws, runtime: python3.12}
functions:
  F:
    handler: app.handler
    timeout: 20
    events:
      - sqs:
          arn: !GetAtt Jobs.Arn
          batchSize: 10
resources:
  Resources:
    Jobs:
      Type: AWS::SQS::Queue
      Properties:
        VisibilityTimeout: 60
"""
SERVERLESS_AFTER = SERVERLESS.replace(
    "          batchSize", "          functionResponseType: ReportBatchItemFailures\n          batchSize"
).replace("Timeout: 60", "Timeout: 120")
JSON = """{
  "Resources": {
    "Q": {"Type": "AWS::SQS::Queue", "Properties": {
      "QueueName": "q"
    }},
    "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
      "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]},
      "FunctionName": {"Ref": "F"}
    }},
    "F": {"Type": "AWS::Lambda::Function", "Properties": {
      "Timeout": 10, "Handler": "app.handler", "Runtime": "python3.12", "Code": "."
    }}
  }
}
"""
JSON_AFTER = JSON.replace('      "QueueName"', '      "VisibilityTimeout": 60,\n      "QueueName"').replace(
    '      "EventSourceArn"', '      "FunctionResponseTypes": ["ReportBatchItemFailures"],\n      "EventSourceArn"'
)
CODES = ["ESM001", "ESM003", "LIM004", "OBS001"]
CASES = [
    ("template.yaml", SAM, SAM_AFTER), ("main.tf", HCL, HCL_AFTER), ("serverless.yml", SERVERLESS, SERVERLESS_AFTER),
    ("stack.json", JSON, JSON_AFTER),
]  # fmt: skip


def mended(root: Path, name: str, text: str) -> str:
    (root / "app.py").write_text(REPORTS)
    (root / name).write_bytes(text.encode())
    mending.apply(checking.check(root, CODES).findings, root)
    return (root / name).read_bytes().decode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("name", "before", "after"), CASES, ids=[case[0] for case in CASES])
def test_a_mend_and_nothing_else_is_written(name: str, before: str, after: str, end: str, tmp_path: Path) -> None:
    assert mended(tmp_path, name, before.replace("\n", end)) == after.replace("\n", end)
    assert [one for one in checking.check(tmp_path, CODES).findings if one.fix is not None] == []


@pytest.mark.parametrize(
    "text",
    [
        SAM.replace("    Properties:\n      QueueName: 'jobs'\n", "    Properties: {QueueName: jobs}\n"),
        SAM.replace("    Properties:\n      QueueName: 'jobs'\n", ""),
        SAM.replace("Timeout: 60 ", "Timeout: !Ref Seconds "),
    ],
)
def test_what_does_not_stand_plainly_is_left(text: str, tmp_path: Path) -> None:
    assert "VisibilityTimeout" not in mended(tmp_path, "template.yaml", text)


def test_what_several_share_is_left(tmp_path: Path) -> None:
    text = SAM.replace("      Timeout: 60   # a minute\n", "") + "Globals:\n  Function:\n    Timeout: 60\n"
    assert "    Timeout: 60\n" in mended(tmp_path, "template.yaml", text)

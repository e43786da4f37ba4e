"""Which guards against duplicates are seen, and which reads are bounded."""

from pathlib import Path

import pytest

from lambent.pitfalls import checking

HEAD = """import os
import boto3

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])
SES = boto3.client("ses")
"""
SEND = "SES.send_email(Source='a', Destination={'ToAddresses': ['b']}, Message={})"


GUARDS = {
    "one name for two answers": """
def handler(event, context):
    answer = TABLE.get_item(Key={"id": event["id"]})
    item = answer.get("Item")
    if item == None:
        answer = TABLE.put_item(Item={"id": event["id"]})
        SEND
""",
    "get is not None return": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    if existing.get("Item") is not None:
        return existing["Item"]
    SEND
    TABLE.put_item(Item={"id": event["id"]})
""",
    "two step": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    item = existing.get("Item")
    if item:
        return item
    SEND
    TABLE.put_item(Item={"id": event["id"]})
""",
    "one step": """
def handler(event, context):
    item = TABLE.get_item(Key={"id": event["id"]}).get("Item")
    if item is not None:
        return item
    SEND
    TABLE.put_item(Item={"id": event["id"]})
""",
    "negated body": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    if not existing.get("Item"):
        SEND
        TABLE.put_item(Item={"id": event["id"]})
""",
    "not in body": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    if "Item" not in existing:
        SEND
        TABLE.put_item(Item={"id": event["id"]})
""",
    "else body": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    if "Item" in existing:
        print("seen")
    else:
        SEND
        TABLE.put_item(Item={"id": event["id"]})
""",
    "helpers": """
def seen(key):
    existing = TABLE.get_item(Key={"id": key})
    return existing.get("Item") is not None

def mark(key):
    TABLE.put_item(Item={"id": key})

def handler(event, context):
    if seen(event["id"]):
        return
    SEND
    mark(event["id"])
""",
    "helper process": """
def process(record):
    existing = TABLE.get_item(Key={"id": record["id"]})
    if existing.get("Item"):
        return False
    SEND
    TABLE.put_item(Item={"id": record["id"]})
    return True

def handler(event, context):
    for r in event["Records"]:
        process(r)
""",
    "walrus": """
def handler(event, context):
    if item := TABLE.get_item(Key={"id": event["id"]}).get("Item"):
        return item
    SEND
    TABLE.put_item(Item={"id": event["id"]})
""",
    "client form": """
DB = boto3.client("dynamodb")
def handler(event, context):
    existing = DB.get_item(TableName="t", Key={"id": {"S": event["id"]}})
    if existing.get("Item"):
        return
    SEND
    DB.put_item(TableName="t", Item={"id": {"S": event["id"]}})
""",
    "update": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    if existing.get("Item"):
        return
    SEND
    TABLE.update_item(Key={"id": event["id"]}, UpdateExpression="SET done = :d", ExpressionAttributeValues={":d": 1})
""",
    "status": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    if existing.get("Item", {}).get("status") == "DONE":
        return
    SEND
    TABLE.put_item(Item={"id": event["id"], "status": "DONE"})
""",
    "query": """
def handler(event, context):
    found = TABLE.query(KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": event["id"]})
    if found["Items"]:
        return
    SEND
    TABLE.put_item(Item={"id": event["id"]})
""",
}

OTHERS = {
    "not found return": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    item = existing.get("Item")
    if item is None:
        return {"statusCode": 404}
    TABLE.put_item(Item={"id": event["id"], "n": 1})
""",
    "conditional": """
def handler(event, context):
    existing = TABLE.get_item(Key={"id": event["id"]})
    if existing.get("Item"):
        return
    TABLE.put_item(Item={"id": event["id"]}, ConditionExpression="attribute_not_exists(id)")
    SEND
""",
    "status write": """
def handler(event, context):
    item = TABLE.get_item(Key={"id": event["id"]})["Item"]
    if item["kind"] == "x":
        return
    TABLE.put_item(Item={**item, "n": 1})
""",
    "default": """
def handler(event, context):
    item = TABLE.get_item(Key={"id": event["id"]}).get("Item")
    if not item:
        item = {"id": event["id"], "n": 0}
        TABLE.put_item(Item=item)
    return item
""",
}


def _found(folder: Path, code: str, select: str) -> list[str]:
    source = HEAD + code.replace("SEND", SEND)
    (folder / "app.py").write_text(source)
    return [source.splitlines()[one.place.line - 1].strip() for one in checking.check(folder, [select]).findings]


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_is_seen_at_its_write(name: str, tmp_path: Path) -> None:
    (line,) = _found(tmp_path, GUARDS[name], "ASY006")
    assert "put_item" in line or "update_item" in line


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_guard_or_an_atomic_one_is_not_told(name: str, tmp_path: Path) -> None:
    assert not _found(tmp_path, OTHERS[name], "ASY006")


@pytest.mark.parametrize(("given", "told"), [("", 1), (", Range='bytes=0-1023'", 0), (", Range='bytes=1024-'", 1)])
def test_a_part_with_an_end_is_no_whole_object(given: str, told: int, tmp_path: Path) -> None:
    code = """
def handler(event, context):
    s3 = boto3.client("s3")
    for record in event["Records"]:
        key = record["s3"]["object"]["key"]
        body = s3.get_object(Bucket="b", Key=key{}).get("Body").read()
"""
    assert len(_found(tmp_path, code.replace("{}", given), "EXE012")) == told


SNS = "for record in event['Records']:\n        save(record['Sns']['Message'])"
HELPER = """
def save(message):
    try:
        TABLE.put_item(Item={"id": message})
    except Exception as error:
        print(error)


def handler(event, context):
    BODY
"""


@pytest.mark.parametrize(("body", "told"), [(SNS, 1), (SNS.replace("save(", "done = save("), 0)])
def test_what_a_helper_swallows_counts_where_nobody_looks_at_its_answer(body: str, told: int, tmp_path: Path) -> None:
    assert len(_found(tmp_path, HELPER.replace("BODY", body), "OBS008")) == told


def test_a_wait_that_grows_from_attempt_to_attempt_is_possible_only(tmp_path: Path) -> None:
    code = """
import time
def handler(event, context):
    for attempt in range(3):
        pause = (2 ** attempt) * 0.1
        time.sleep(PAUSE)
"""
    assert not _found(tmp_path, code.replace("PAUSE", "pause"), "ARC005")
    assert _found(tmp_path, code.replace("PAUSE", "event['pause']"), "ARC005")


@pytest.mark.parametrize(("options", "told"), [("", 1), (", timeout: 3000", 0)])
def test_a_request_of_nodes_without_a_timeout_is_told(options: str, told: int, tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(
        "const https = require('https');\nexports.handler = async (event) => {\n"
        f"  const options = {{hostname: 'example.com', method: 'PUT'{options}}};\n"
        "  const request = https.request(options, () => 1);\n  request.end();\n};\n"
    )
    assert len(checking.check(tmp_path, ["NET007"]).findings) == told


BODY = """
import json
def handler(event, context):
    PARSE
    try:
        TABLE.put_item(Item=item)
    except Exception:
        return {"statusCode": 500, "body": "no"}
    return {"statusCode": 200, "body": "yes"}
"""
DOOR = (
    "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
    "    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: ., Events: {A: {Type: HttpApi}}}\n"
)


@pytest.mark.parametrize(
    ("parse", "told"),
    [
        ('item = json.loads(event["body"])', 1),
        ('try: item = json.loads(event["body"])\n    except ValueError: return {"statusCode": 400}', 0),
    ],
)
def test_a_body_that_is_parsed_outside_of_every_try_is_told(parse: str, told: int, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(DOOR)
    assert len(_found(tmp_path, BODY.replace("PARSE", parse), "API001")) == told


@pytest.mark.parametrize(("principal", "told"), [('"*"', 0), ("{Service: cloudfront.amazonaws.com}", 1)])
def test_what_a_buckets_policy_allows_to_all_the_role_need_not(principal: str, told: int, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        DOOR.replace(
            "Runtime", "Policies: [{Statement: [{Effect: Allow, Action: 's3:PutObject', Resource: '*'}]}], Runtime"
        )
        + "  P:\n    Type: AWS::S3::BucketPolicy\n    Properties:\n      Bucket: b\n"
        + "      PolicyDocument:\n        Statement:\n"
        f"          - {{Effect: Allow, Action: 's3:GetObject', Principal: {principal}, Resource: '*'}}\n"
    )
    code = "\ndef handler(event, context):\n    boto3.client('s3').get_object(Bucket='b', Key='k')\n"
    assert len(_found(tmp_path, code, "IAM001")) == told

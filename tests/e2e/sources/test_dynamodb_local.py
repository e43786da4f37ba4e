"""`dynamodb = "local"`: what answers is started here, and its streams drive functions. In place of Java a stand-in
serves moto's tables under the names that DynamoDB Local gives them."""

import json
import sys
from collections.abc import Iterator

import pytest

from lambent.testing.running import Lambent
from tests.e2e.conftest import ROLE, RUNTIME, package

STAND_IN = """#!{python}
import io, os, sys
os.environ["MOTO_ACCOUNT_ID"] = "000000000000"
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

ours, moto = b"arn:aws:dynamodb:ddblocal:", b"arn:aws:dynamodb:us-east-1:"
inner = DomainDispatcherApplication(create_backend_app)

def application(environ, start):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).replace(ours, moto)
    environ |= {{"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}}
    def begin(status, headers, *more):
        start(status, [one for one in headers if one[0].lower() not in ("content-length", "x-amz-crc32")], *more)
    found = b"".join(inner(environ, begin)).replace(moto, ours)
    return [found.replace(b'"awsRegion": "us-east-1"', b'"awsRegion":"ddblocal"')]

port = int(sys.argv[sys.argv.index("-port") + 1])
make_server("0.0.0.0", port, application, threaded=True).serve_forever()
"""
CODE = "import json\ndef handler(event, context):\n    print('SAW ' + json.dumps(event))"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lambent]:
    folder = tmp_path_factory.mktemp("local")
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(STAND_IN.format(python=sys.executable))
    java.chmod(0o755)
    (folder / "DynamoDBLocal.jar").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", str(folder))
        patch.setenv("LAMBENT_DYNAMODB", "local")
        patch.setenv("LAMBENT_DYNAMODB_JAR", str(folder))
        with Lambent(folder / "data", "--network", "none") as running:
            yield running


def test_its_streams_drive_functions(local: Lambent) -> None:
    client, tables = local.client("lambda"), local.client("dynamodb")
    made = tables.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    assert made["TableArn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/t"
    client.create_function(
        FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code={"ZipFile": package({"app.py": CODE})}
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05})
    stream = made["LatestStreamArn"]
    client.create_event_source_mapping(FunctionName="f", EventSourceArn=stream, StartingPosition="TRIM_HORIZON")
    tables.put_item(TableName="t", Item={"id": {"S": "a"}})
    local.drain("t")
    found = local.client("logs").filter_log_events(logGroupName="/aws/lambda/f", filterPattern="SAW")["events"]
    records = [one for event in found for one in json.loads(event["message"].partition("SAW ")[2])["Records"]]
    assert [(one["awsRegion"], one["eventSourceARN"], one["dynamodb"]["NewImage"]) for one in records] == [
        ("us-east-1", stream, {"id": {"S": "a"}})
    ]

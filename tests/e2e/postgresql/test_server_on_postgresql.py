"""A server whose state is in a PostgreSQL, killed and started again."""

import io
import json
import signal
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

CODE = "def handler(event, context):\n    return event\n"


def test_what_was_acknowledged_outlives_a_crash(
    tmp_path: Path, own_server: Callable[..., Server], database: Callable[[], str]
) -> None:
    url = database()
    env = {"LAMBENT_DATABASE": url}
    first = own_server(env=env)
    first.client("lambda").create_function(
        FunctionName="echo", Runtime=RUNTIME, Role=ROLE, Handler="app.handler",
        Code={"ZipFile": package({"app.py": CODE})}, Tags={"team": "a"},
    )  # fmt: skip
    queue = first.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    first.client("sqs").send_message(QueueUrl=queue, MessageBody="kept")
    s3 = first.client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="files")
    s3.put_object(Bucket="files", Key="a/ü", Body=io.BytesIO(b"object"))
    topic = first.client("sns").create_topic(Name="news")["TopicArn"]
    first.stop(signal.SIGKILL)

    assert not (tmp_path / "data" / "state.db").exists()
    second = own_server(env=env)
    client = second.client("lambda")
    client.get_waiter("function_active_v2").wait(FunctionName="echo", WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    answer = client.invoke(FunctionName="echo", Payload=b'{"a": 1}')
    assert json.load(answer["Payload"]) == {"a": 1}
    assert client.get_function(FunctionName="echo")["Tags"] == {"team": "a"}
    port = second.endpoint.rpartition(":")[2]
    there = second.client("sqs").receive_message(QueueUrl=f"http://127.0.0.1:{port}/000000000000/jobs")
    assert [one["Body"] for one in there["Messages"]] == ["kept"]
    s3 = second.client("s3", s3={"addressing_style": "path"})
    assert s3.get_object(Bucket="files", Key="a/ü")["Body"].read() == b"object"
    assert second.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic

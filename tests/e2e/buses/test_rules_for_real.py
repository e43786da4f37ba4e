"""EventBridge with boto3: rules to functions, queues, topics, streams, logs, machines, buses and the web; schedules,
archives and replays on a moved clock, through a kill."""

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, Deploy, Server
from tests.e2e.neighbour.test_deliveries import ARN, TELLS, Queue, found, notify, queue, until_found

__all__ = ["queue"]
BUS = ARN.format("events", "event-bus/default")


def rule(server: Server, name: str, *targets: dict[str, Any], **settings: Any) -> Any:
    """A rule for events of the source with the same name; the client."""
    events = server.client("events")
    pattern = {"EventPattern": json.dumps({"source": [name]})}
    bus = {"EventBusName": settings["EventBusName"]} if "EventBusName" in settings else {}
    events.put_rule(Name=name, **(pattern | settings))
    given = [{"Id": str(place), **target} for place, target in enumerate(targets)]
    events.put_targets(Rule=name, Targets=given, **bus)
    return events


def put(events: Any, source: str, detail: Any, **more: Any) -> dict[str, Any]:
    given = {"Source": source, "DetailType": "t", "Detail": json.dumps(detail), **more}
    [entry] = events.put_events(Entries=[given])["Entries"]
    return dict(entry)


def test_a_rule_sends_to_a_function_and_queues(server: Server, deploy: Deploy, queue: Callable[..., Queue]) -> None:
    results, plain = queue("results"), queue()
    fifo = queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    function = ARN.format("lambda", f"function:{deploy(TELLS, Environment={'Variables': {'RESULTS': results.url}})}")
    group = {"SqsParameters": {"MessageGroupId": "g"}}
    events = rule(server, "app.one", {"Arn": function}, {"Arn": plain.arn}, {"Arn": fifo.arn, **group})
    entry = put(events, "app.one", {"a": [1]}, Resources=["r"], Time=1_700_000_000)
    event = {
        "version": "0",
        "id": entry["EventId"],
        "detail-type": "t",
        "source": "app.one",
        "account": "000000000000",
        "time": "2023-11-14T22:13:20Z",
        "region": "us-east-1",
        "resources": ["r"],
        "detail": {"a": [1]},
    }
    assert results.document() == event
    assert plain.document() == event
    [message] = fifo.messages()
    assert (json.loads(message["Body"]), message["Attributes"]["MessageGroupId"]) == (event, "g")
    assert found(server, function).keys() == {"denied/lambda:InvokeFunction"}, "no policy lets EventBridge in"


def test_targets_get_what_their_input_says(server: Server, queue: Callable[..., Queue]) -> None:
    queues = [queue(str(number)) for number in range(4)]
    transformer = {
        "InputPathsMap": {"who": "$.detail.who", "kind": "$.detail-type"},
        "InputTemplate": '{"who": <who>, "text": "<who> in <kind>", "rule": <aws.events.rule-name>}',
    }
    text = {"InputPathsMap": {"who": "$.detail.who"}, "InputTemplate": '"hello <who>"'}
    settings = [{"Input": '{"x": 1}'}, {"InputPath": "$.detail"}]
    settings += [{"InputTransformer": transformer}, {"InputTransformer": text}]
    events = rule(server, "app.two", *({"Arn": one.arn, **said} for one, said in zip(queues, settings, strict=True)))
    put(events, "app.two", {"who": "a b"})
    assert [one.document() for one in queues] == [
        {"x": 1},
        {"who": "a b"},
        {"who": "a b", "text": "a b in t", "rule": "app.two"},
        "hello a b",
    ]


def test_what_a_rule_can_not_deliver_is_told_and_kept(server: Server, queue: Callable[..., Queue]) -> None:
    letters, topical = queue("letters"), queue("topical")
    sns = server.client("sns")
    topic = sns.create_topic(Name="of-rule")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=topical.arn)
    gone, lost = ARN.format("sqs", "no-queue"), ARN.format("lambda", "function:no-function")
    stream = ARN.format("kinesis", "stream/no-stream")
    kept = {"Arn": gone, "Input": "{}", "DeadLetterConfig": {"Arn": letters.arn}}
    targets = [kept, {"Arn": lost}, {"Arn": stream, "RoleArn": ROLE}, {"Arn": topic}]
    entry = put(rule(server, "app.lost", *targets), "app.lost", {"a": 1})
    [letter] = letters.messages()
    assert json.loads(letter["Body"])["id"] == entry["EventId"], "the event, whatever the target would have had"
    attributes = {name: one["StringValue"] for name, one in letter["MessageAttributes"].items()}
    assert "QueueDoesNotExist" in attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "RULE_ARN": ARN.format("events", "rule/app.lost"),
        "TARGET_ARN": gone,
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }
    assert "Function not found" in until_found(server, lost, "undelivered/events")
    assert "no-stream" in until_found(server, stream, "undelivered/events")
    assert json.loads(topical.document()["Message"])["id"] == entry["EventId"]


def test_streams_logs_machines_and_other_buses(server: Server, queue: Callable[..., Queue]) -> None:
    done, second = queue("done"), queue("second")
    kinesis, logs, states = (server.client(name) for name in ("kinesis", "logs", "stepfunctions"))
    kinesis.create_stream(StreamName="of-rule", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="of-rule", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    logs.create_log_group(logGroupName="/aws/events/of-rule")
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    task["Parameters"] = {"QueueUrl": done.url, "MessageBody.$": "$.id"}
    definition = json.dumps({"StartAt": "S", "States": {"S": task}})
    machine = states.create_state_machine(name="of-rule", definition=definition, roleArn=ROLE)["stateMachineArn"]
    events = server.client("events")
    heard = queue("heard")
    rule(server, "aws.states", {"Arn": heard.arn})
    bus = events.create_event_bus(Name="second")["EventBusArn"]
    rule(server, "app.four", {"Arn": second.arn}, EventBusName="second")
    role = {"RoleArn": ROLE}
    rule(
        server,
        "app.four",
        {
            "Arn": ARN.format("kinesis", "stream/of-rule"),
            **role,
            "KinesisParameters": {"PartitionKeyPath": "$.detail.k"},
        },
        {"Arn": ARN.format("logs", "log-group:/aws/events/of-rule")},
        {"Arn": machine, **role},
        {"Arn": bus, **role},
    )
    entry = put(events, "app.four", {"k": "key"})
    assert done.messages()[0]["Body"] == entry["EventId"]
    assert second.document()["id"] == entry["EventId"]
    told = {one["detail"]["status"]: one for one in (json.loads(said["Body"]) for said in heard.messages(2))}
    assert told.keys() == {"RUNNING", "SUCCEEDED"}
    ended = told["SUCCEEDED"]
    assert ended["detail-type"] == "Step Functions Execution Status Change"
    assert ended["resources"] == [ended["detail"]["executionArn"]]
    place = {"StreamName": "of-rule", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    [record] = until(
        lambda: kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**place)["ShardIterator"])["Records"]
    )
    assert (record["PartitionKey"], json.loads(record["Data"])["id"]) == ("key", entry["EventId"])
    [event] = until(lambda: logs.filter_log_events(logGroupName="/aws/events/of-rule")["events"])
    assert json.loads(event["message"])["id"] == entry["EventId"]
    events.remove_targets(Rule="app.four", EventBusName="second", Ids=["0"])
    events.delete_rule(Name="app.four", EventBusName="second")
    events.delete_event_bus(Name="second")


def until(ask: Callable[[], Any]) -> Any:
    """The first answer that says something."""
    end = time.monotonic() + 60
    while not (said := ask()):
        assert time.monotonic() < end
        time.sleep(0.3)
    return said


def test_objects_make_events_of_the_default_bus(server: Server, queue: Callable[..., Queue]) -> None:
    seen = queue()
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["bridged"]}}}
    rule(server, "objects", {"Arn": seen.arn}, EventPattern=json.dumps(pattern))
    s3 = notify(server, "bridged", EventBridgeConfiguration={})
    s3.put_object(Bucket="bridged", Key="a b", Body=b"x")
    event = seen.document()
    assert (event["resources"], event["detail"]["reason"]) == (["arn:aws:s3:::bridged"], "PutObject")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
    assert (event["detail"]["object"]["key"], event["detail"]["object"]["size"]) == ("a b", 1)


def test_what_is_not_built_is_refused_by_name(server: Server) -> None:
    events = server.client("events")
    for call, params in (
        (events.list_endpoints, {}),
        (events.put_partner_events, {"Entries": [{"Source": "aws.partner/x/y"}]}),
    ):
        with pytest.raises(events.exceptions.ClientError) as refused:
            call(**params)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def hook(server: Server, url: str) -> str:
    """An API destination with an API key; its ARN."""
    events = server.client("events")
    parameters = {
        "ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"},
        "InvocationHttpParameters": {"QueryStringParameters": [{"Key": "q", "Value": "1", "IsValueSecret": False}]},
    }
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=parameters)
    said = events.describe_connection(Name="c")
    assert said["AuthParameters"]["ApiKeyAuthParameters"] == {"ApiKeyName": "x-key"}
    made = events.create_api_destination(
        Name="hook", ConnectionArn=connection["ConnectionArn"], InvocationEndpoint=url, HttpMethod="PUT"
    )
    return str(made["ApiDestinationArn"])


def test_a_webhook_on_this_machine_is_told_of_and_never_asked(server: Server, web: "Web") -> None:
    destination = hook(server, web.url)
    put(rule(server, "inwards", {"Arn": destination, "RoleArn": ROLE}), "inwards", {})
    assert "setting reach" in until_found(server, destination, "undelivered/events")
    assert web.asked == []


class Web:
    """A server on the web that keeps what it is asked."""

    def __init__(self) -> None:
        asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.asked, self.statuses = asked, [503]
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(web.statuses.pop(0) if web.statuses else 200)
                self.end_headers()

            def log_message(self, *_said: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.place}/in/*"


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def advance(server: Server, seconds: float) -> None:
    import urllib.request

    body = json.dumps({"advance": seconds}).encode()
    asked = urllib.request.Request(f"{server.endpoint}/_lambent/clock", body, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=120) as answer:
        assert answer.status == 200


def test_schedules_archives_and_webhooks_through_a_kill(own_server: Callable[..., Server], web: Web) -> None:
    env = {"LAMBENT_REACH": web.place}
    server = own_server("--clock", "manual", env=env)
    timely, replayed = Queue(server, "timely"), Queue(server, "replayed")
    events = rule(server, "hourly", {"Arn": timely.arn}, ScheduleExpression="rate(1 hour)", EventPattern='{"a":["b"]}')
    path = {"HttpParameters": {"PathParameterValues": ["x y"], "HeaderParameters": {"h": "v"}}}
    rule(server, "web", {"Arn": hook(server, web.url), "RoleArn": ROLE, **path})
    events.create_archive(ArchiveName="all", EventSourceArn=BUS)
    entry = put(events, "web", {"n": 1})
    until(lambda: web.asked)
    server.stop(signal.SIGKILL)

    server = own_server("--clock", "manual", env=env)
    events = server.client("events")
    advance(server, 10)
    method, where, headers, body = until(lambda: web.asked[1:])[0]
    assert (method, where, json.loads(body)["id"]) == ("PUT", "/in/x%20y?q=1", entry["EventId"])
    assert (headers["x-key"], headers["h"]) == ("secret", "v")
    assert headers["user-agent"] == "Amazon/EventBridge/ApiDestinations"
    advance(server, 2 * 3_600)
    timely.client = replayed.client = server.client("sqs")
    timely.url, replayed.url = (
        timely.client.get_queue_url(QueueName=name)["QueueUrl"] for name in ("timely", "replayed")
    )
    fired = [json.loads(one["Body"]) for one in timely.messages(2)]
    assert {(one["detail-type"], *one["resources"]) for one in fired} == {
        ("Scheduled Event", ARN.format("events", "rule/hourly"))
    }
    rule(server, "again", {"Arn": replayed.arn}, EventPattern='{"replay-name":["r"]}')
    now = server.page("clock")["seconds"]
    span = {"EventStartTime": datetime.fromtimestamp(0, UTC), "EventEndTime": datetime.fromtimestamp(now + 60, UTC)}
    archive = ARN.format("events", "archive/all")
    events.start_replay(ReplayName="r", EventSourceArn=archive, Destination={"Arn": BUS}, **span)
    assert replayed.document()["id"] == entry["EventId"]
    assert until(lambda: events.describe_replay(ReplayName="r")["State"] == "COMPLETED")
    assert server.stop() == 0

"""What moto holds and lost, without a moto."""

import json
from pathlib import Path

import pytest

from lambent.model.finding import Finding
from lambent.neighbour.holdings import EVERYTHING, Holdings
from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response


def s3(method: str = "GET", path: str = "/", query: str = "") -> Asked:
    return Asked("s3", Request(method, path, query))


def dynamodb(operation: str, **params: object) -> Asked:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    return Asked("dynamodb", Request("POST", "/", "", headers, json.dumps(params).encode()))


def form(service: str, body: str) -> Asked:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Asked(service, Request("POST", "/", "", headers, body.encode()))


MADE = {"ec2": form("ec2", "Action=RunInstances&Version=2016-11-15")}


def lost(*services: str) -> Holdings:
    holdings = Holdings()
    if EVERYTHING in services:
        holdings._held.add(EVERYTHING)
        services = ()
    for service in services:
        holdings.hold(MADE.get(service, Asked(service, Request("POST", "/"))))
    holdings.lose("it died")
    return holdings


def refuses(holdings: Holdings, asked: Asked, response: Response | None = None) -> bool:
    try:
        holdings.after(asked, response or Response(200, [], b"<Found/>"))
    except Fault as fault:
        assert (fault.code, fault.status) == ("StateLost", 410)
        assert "it died" in (fault.message or "") and "lambent neighbour acknowledge" in (fault.message or "")
        return True
    return False


@pytest.mark.parametrize(
    "asked",
    [
        s3(),
        dynamodb("ListTables"),
        dynamodb("ListTables", Limit=5),
        form("ec2", "Action=DescribeInstances&Version=2016-11-15"),
        form("iam", "Action=ListRoles&Version=2010-05-08&MaxItems=3"),
    ],
)
def test_a_list_of_everything_is_refused_when_something_was_lost(asked: Asked) -> None:
    assert refuses(lost(asked.service), asked)
    assert not refuses(lost("sns"), asked)
    assert not refuses(Holdings(), asked)
    with pytest.raises(Fault):
        lost(asked.service).before(asked)


@pytest.mark.parametrize(
    ("asked", "response"),
    [
        (s3("GET", "/b/k"), Response(404, [], b"<Error><Code>NoSuchKey</Code></Error>")),
        (s3("HEAD", "/b/k"), Response(404)),
        (s3("PUT", "/b/k"), Response(404, [], b"<Error><Code>NoSuchBucket</Code></Error>")),
        (dynamodb("PutItem", TableName="t"), Response(400, [], b'{"__type":"x#ResourceNotFoundException"}')),
        (dynamodb("GetItem", TableName="t"), Response(200, [], b"{}")),
        (dynamodb("Query", TableName="t"), Response(200, [], b'{"Items":[],"Count":0,"ScannedCount":0}')),
        (
            form("cloudwatch", "Action=GetDashboard&Version=2010-08-01&DashboardName=s"),
            Response(400, [], b"<Message>Dashboard s does not exist</Message>"),
        ),
    ],
)
def test_an_answer_that_nothing_is_there_is_refused_when_something_was_lost(asked: Asked, response: Response) -> None:
    assert refuses(lost(asked.service), asked, response)
    assert not refuses(lost("sns"), asked, response)


@pytest.mark.parametrize(
    ("asked", "response"),
    [
        (s3("PUT", "/new"), Response(200)),
        (s3("GET", "/new", "list-type=2"), Response(200, [], b"<ListBucketResult/>")),
        (s3("GET", "/new/k"), Response(200, [], b"{}x")),
        (dynamodb("GetItem", TableName="t"), Response(200, [], b'{"Item":{"k":{"S":"v"}}}')),
        (dynamodb("PutItem", TableName="t"), Response(200, [], b"{}")),
        (dynamodb("PutItem", TableName="t"), Response(400, [], b'{"__type":"ValidationException"}')),
    ],
)
def test_what_was_made_since_can_be_used(asked: Asked, response: Response) -> None:
    assert not refuses(lost(asked.service), asked, response)


def test_when_what_was_held_can_not_be_read_everything_but_what_has_no_state_is_lost() -> None:
    holdings = lost(EVERYTHING)
    assert refuses(holdings, s3()) and refuses(holdings, dynamodb("ListTables"))
    assert not refuses(holdings, form("sts", "Action=GetCallerIdentity&Version=2011-06-15"))


def test_what_is_there_from_the_beginning_is_not_lost_with_what_was_made() -> None:
    holdings = lost("ec2")
    for name, refused in (
        ("DescribeInstances", True),
        ("DescribeInstanceStatus", True),
        ("DescribeSubnets", False),
        ("DescribeRegions", False),
    ):
        assert refuses(holdings, form("ec2", f"Action={name}&Version=2016-11-15")) is refused
    gone = Response(400, [], b"<Code>InvalidInstanceID.NotFound</Code>")
    assert refuses(holdings, form("ec2", "Action=StopInstances&Version=2016-11-15&InstanceId.1=i"), gone)


@pytest.mark.parametrize(
    ("asked", "status", "changes"),
    [
        (s3("PUT", "/b"), 200, True),
        (s3("PUT", "/b"), 409, False),
        (s3("GET", "/b"), 200, False),
        (dynamodb("CreateTable", TableName="t"), 200, True),
        (dynamodb("Scan", TableName="t"), 200, False),
        (form("ec2", "Action=RunInstances&Version=2016-11-15"), 200, True),
        (form("ec2", "Action=DescribeVpcs&Version=2016-11-15"), 200, False),
        (form("sts", "Action=AssumeRole&Version=2011-06-15"), 200, False),
        (Asked("nobody", Request("POST", "/")), 200, True),
        (Asked("nobody", Request("GET", "/")), 200, False),
    ],
)
def test_a_change_that_went_well_makes_its_service_hold_something(asked: Asked, status: int, changes: bool) -> None:
    holdings = Holdings()
    assert holdings.changes(asked, Response(status)) is changes
    assert holdings.news(asked)
    holdings.hold(asked)
    assert not holdings.news(asked)


def test_what_was_held_is_lost_with_the_next_server_until_it_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "neighbour.json"
    first = Holdings(path)
    first.lose("Lambent was started again")
    assert not path.exists()
    first.hold(s3("PUT", "/b"))
    first.hold(s3("PUT", "/b"))
    told: list[Finding] = []
    second = Holdings(path)
    second.lose("Lambent was started again")
    assert dict(second.lost) == {"s3": "Lambent was started again"}
    second.tell(told.append)
    assert [(one.code, one.resource, one.hint) for one in told] == [
        ("neighbour-state-lost", "moto/s3", "lambent neighbour acknowledge")
    ]
    third = Holdings(path)
    third.lose("again")
    assert third.acknowledge() == ["s3"]
    assert third.acknowledge() == []
    fourth = Holdings(path)
    fourth.lose("again")
    assert not fourth.lost


@pytest.mark.parametrize("content", ["", "[]", '{"held": 1}', "{}", "\x00"])
def test_a_file_that_can_not_be_read_says_that_everything_may_be_lost(tmp_path: Path, content: str) -> None:
    path = tmp_path / "neighbour.json"
    path.write_text(content)
    holdings = Holdings(path)
    holdings.lose("it died")
    assert refuses(holdings, s3())


def test_a_disk_that_takes_nothing_is_logged_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    holdings = Holdings(tmp_path / "none" / "neighbour.json")
    with pytest.raises(Fault, match="what s3 holds can't be remembered: make room"):
        holdings.hold(s3("PUT", "/b"))
    assert holdings.held == {"s3"}
    assert "what moto holds can't be remembered" in caplog.text


def test_what_was_kept_is_there_again_and_what_changed_since_is_told() -> None:
    told: list[Finding] = []
    holdings = Holdings(report=told.append)
    holdings.hold(dynamodb("CreateTable", TableName="t"))
    holdings.hold(MADE["ec2"])
    holdings.kept(holdings.changed)
    holdings.hold(MADE["ec2"])
    holdings.lose("it died", {"dynamodb", "ec2"})
    assert holdings.held == {"dynamodb", "ec2/Instance"} and not holdings.lost and not holdings.changed
    assert [(one.code, one.resource) for one in told] == [("neighbour-changes-lost", "moto/ec2")]


def test_a_change_while_it_was_being_kept_is_still_to_be_kept() -> None:
    holdings = Holdings()
    holdings.hold(dynamodb("PutItem", TableName="t"))
    before = holdings.changed
    holdings.hold(dynamodb("PutItem", TableName="t"))
    holdings.kept(before)
    assert set(holdings.changed) == {"dynamodb"}
    holdings.kept(holdings.changed)
    assert not holdings.changed


def test_a_change_whose_moto_is_gone_already_is_told() -> None:
    told: list[Finding] = []
    holdings = Holdings(report=told.append)
    holdings.late(dynamodb("CreateTable", TableName="t"), "it died")
    holdings.hold(s3("PUT", "/b"))
    holdings.late(s3("PUT", "/b"), "it died")
    assert [one.code for one in told] == ["neighbour-state-lost", "neighbour-changes-lost"]
    assert set(holdings.lost) == {"dynamodb"}

import json
import time
from itertools import islice

import pytest

from lambent.cli.logs import POLL_SECONDS, seconds, watch
from lambent.clients import Tail

GROUP = "/aws/lambda/hello"


def event(at, message, key=None):
    return {"timestamp": at, "message": message, "eventId": key or f"{at}-{message}", "logStreamName": "s"}


@pytest.fixture
def now(fake):
    fake.functions["hello"] = {"FunctionName": "hello"}
    fake.log_groups.add(GROUP)
    return int(time.time() * 1000)


def test_lines_in_order_of_time(cli, fake, now):
    fake.events = [event(now - 10, "two\n"), event(now - 20, "one\n")]
    lines = cli("logs", "hello").stdout.splitlines()
    assert [line[25:] for line in lines] == ["one", "two"]
    assert lines[0].startswith("20")


def test_since_is_asked_of_the_server(cli, fake, now):
    cli("logs", "hello", "--since", "1h")
    assert abs(fake.call("FilterLogEvents")["startTime"] - (now - 3_600_000)) < 60_000


def test_nothing_yet(cli, fake, now):
    result = cli("logs", "hello")
    assert result.stdout == ""
    assert result.stderr == f"nothing in {GROUP} in the last 10m: --since looks further back\n"
    fake.log_groups.clear()
    assert cli("logs", "hello").stdout == ""


def test_the_functions_own_log_group(cli, fake, now):
    fake.functions["hello"]["LoggingConfig"] = {"LogGroup": "/mine"}
    fake.log_groups.add("/mine")
    cli("logs", "hello")
    assert fake.call("FilterLogEvents")["logGroupName"] == "/mine"


def test_logs_outlive_their_function(cli, fake, now):
    fake.functions.clear()
    fake.events = [event(now - 10, "last words")]
    assert "last words" in cli("logs", "hello").stdout
    fake.log_groups.clear()
    assert "Function not found" in cli("logs", "hello", code=1).stderr
    assert "Function not found" in cli("logs", "hello", "--follow", code=1).stderr


def test_json(cli, fake, now):
    fake.events = [event(now - 10, "x")]
    document = json.loads(cli("logs", "hello", "--json").stdout)
    assert document["log_group"] == GROUP
    assert document["events"][0]["message"] == "x"


@pytest.mark.parametrize(("text", "value"), [("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800)])
def test_durations(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["10", "m", "-1m", "10 m", "1w"])
def test_what_is_no_duration(cli, text):
    assert "--since" in cli("logs", "hello", f"--since={text}", code=2).stderr


def test_following_shows_each_event_once():
    looks = [
        [event(100_000, "a")],
        [event(100_000, "a"), event(100_000, "b"), event(99_000, "late")],
        [event(200_000, "c")],
        [event(200_000, "c")],
    ]
    asked, pauses = [], []

    def look(start):
        asked.append(start)
        return looks[len(asked) - 1]

    batches = list(islice(watch(look, Tail(50_000), pauses.append), 4))
    assert [[item["message"] for item in batch] for batch in batches] == [["a"], ["late", "b"], ["c"], []]
    assert asked == [50_000, 95_000, 95_000, 195_000]
    assert pauses == [POLL_SECONDS] * 3


def test_follow_ends_with_130(cli, fake, now, monkeypatch):
    fake.events = [event(now - 10, "x")]

    def pause(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("lambent.cli.logs.time.sleep", pause)
    result = cli("logs", "hello", "--follow", "--json", code=130)
    assert json.loads(result.stdout)["message"] == "x"


def test_a_query_is_asked_and_its_rows_are_a_table(cli, fake, now):
    fake.query_rows = [
        [{"field": "level", "value": "INFO"}, {"field": "c", "value": "12"}, {"field": "@ptr", "value": "p"}]
    ]
    said = cli("logs", "hello", "--query", "stats count() as c by level")
    assert said.stdout.splitlines() == ["level  c", "INFO   12"]
    assert fake.call("StartQuery")["queryString"] == "stats count() as c by level"
    assert json.loads(cli("logs", "hello", "--query", "fields level", "--json").stdout)["rows"] == [
        {"level": "INFO", "c": "12"}
    ]

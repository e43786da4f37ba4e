"""`lambent clock`: shown, moved, and where a moved one matters."""

import json

import pytest

NOON = {"kind": "manual", "scale": 1.0, "seconds": 1_795_262_400.0, "time": "2026-11-21T12:00:00.000Z"}


@pytest.fixture
def clock(fake):
    fake.clock = dict(NOON)
    return fake.clock


def test_it_is_shown(cli, clock):
    assert cli("clock").stdout == "2026-11-21T12:00:00.000Z (manual)\n"
    assert json.loads(cli("clock", "--json").stdout) == NOON
    clock |= {"kind": "scaled", "scale": 60.0}
    assert cli("clock").stdout == "2026-11-21T12:00:00.000Z (scaled, 60 times as fast)\n"


def test_it_is_moved(cli, fake, clock):
    clock["running"] = 0
    result = cli("clock", "advance", "6h")
    assert (result.exit_code, result.stderr) == (0, "")
    clock["running"] = 2
    result = cli("clock", "advance", "90", "--json")
    assert json.loads(result.stdout)["running"] == 2
    assert fake.moved == [{"advance": "6h"}, {"advance": "90"}]
    assert "2 events were still being worked on" in cli("clock", "advance", "1s").stderr


def test_one_that_moves_by_itself_is_not(cli, fake, clock):
    clock["kind"] = "real"
    result = cli("clock", "advance", "6h", code=1)
    assert "this clock moves by itself" in result.stderr
    assert fake.moved == []


def test_logs_look_back_from_the_servers_time(cli, fake, clock, make):
    cli("deploy", make({"app.py": "def handler(event, context):\n    return 1\n"}))
    fake.log_groups.add("/aws/lambda/hello")
    cli("logs", "hello", "--since", "10m")
    assert fake.call("FilterLogEvents")["startTime"] == int((NOON["seconds"] - 600) * 1000)

"""Logs Insights as boto3 sees it: each query in a real process of its own."""

from pathlib import Path
from typing import Any

from lambent.observe.queries import KEPT
from tests.unit.services_logs.wired import HERE, NOW, Wired, with_logs
from tests.unit.waiting import until

UNDER_WAY = ("Scheduled", "Running")
SCAN = '{"event":"pdf_scan_start","request_id":"%d","count":%d,"at":{"bucket":"reports"}}'


async def _filled(logs: Wired, many: int = 10) -> None:
    await logs.call("CreateLogGroup", logGroupName="g")
    await logs.call("CreateLogStream", logGroupName="g", logStreamName="s")
    events = [{"timestamp": NOW - 600_000 + n * 60_000, "message": SCAN % (n, n)} for n in range(many)]
    await logs.call("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=events)


def _asked(query: str, **more: Any) -> dict[str, Any]:
    return {"logGroupName": "g", "startTime": NOW // 1000 - 3600, "endTime": NOW // 1000, "queryString": query} | more


async def _answer(logs: Wired, query: str, **more: Any) -> dict[str, Any]:
    query_id = (await logs.call("StartQuery", **_asked(query, **more)))["queryId"]

    async def ended() -> dict[str, Any] | None:
        said = await logs.call("GetQueryResults", queryId=query_id)
        return None if said["status"] in UNDER_WAY else said

    said: dict[str, Any] = await until(ended)
    return said


def test_what_the_seeds_ask_is_answered(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _filled(logs)
        said = await _answer(logs, 'filter event = "pdf_scan_start" | stats count() by bin(5m)')
        assert said["status"] == "Complete"
        rows = [{one["field"]: one["value"] for one in row} for row in said["results"]]
        assert sum(int(row["count()"]) for row in rows) == 10
        assert all(row["bin(5m)"].endswith(":00.000") for row in rows)
        assert said["statistics"]["recordsMatched"] == said["statistics"]["recordsScanned"] == 10.0
        none = await _answer(logs, 'filter event = "other" | fields event')
        assert (none["results"], none["statistics"]["recordsScanned"]) == ([], 10.0)

    with_logs(tmp_path, body)


def test_rows_end_with_what_names_their_event(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _filled(logs)
        said = await _answer(logs, "fields count, @log | limit 1")
        row = {one["field"]: one["value"] for one in said["results"][0]}
        assert (row["count"], row["@log"]) == ("9", "111111111111:g")
        record = (await logs.call("GetLogRecord", logRecordPointer=row["@ptr"]))["logRecord"]
        assert (record["at.bucket"], record["@logStream"], record["@message"]) == ("reports", "s", SCAN % (9, 9))
        code, _ = await logs.refused("GetLogRecord", logRecordPointer="bm9uZQ==")
        assert code == "InvalidParameterException"
        fields = (await logs.call("GetLogGroupFields", logGroupName="g"))["logGroupFields"]
        assert {"name": "at.bucket", "percent": 100} in fields

    with_logs(tmp_path, body)


def test_what_can_t_be_asked_is_refused(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _filled(logs, 1)
        for query in ("fields", "stats count(", "pattern", "diff", "anomaly", "fields nonsense(1)", "limit 0"):
            code, _ = await logs.refused("StartQuery", **_asked(query))
            assert code == "MalformedQueryException", query
        code, text = await logs.refused("StartQuery", **_asked("fields a", logGroupName="none"))
        assert (code, text) == (
            "ResourceNotFoundException",
            "Log group 'none' does not exist for account ID '111111111111'",
        )
        assert (await logs.refused("StartQuery", **_asked("fields a", endTime=1)))[0] == "InvalidParameterException"
        assert (await logs.refused("GetQueryResults", queryId="x"))[0] == "ResourceNotFoundException"

    with_logs(tmp_path, body)


def test_queries_are_listed_and_stopped(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _filled(logs, 1)
        query_id = (await logs.call("StartQuery", **_asked("fields count")))["queryId"]
        assert (await logs.call("StopQuery", queryId=query_id))["success"] is True
        [listed] = (await logs.call("DescribeQueries", logGroupName="g"))["queries"]
        assert (listed["queryId"], listed["status"]) == (query_id, "Cancelled")
        assert (await logs.refused("StopQuery", queryId=query_id))[0] == "InvalidParameterException"
        assert (await logs.call("DescribeQueries", status="Running"))["queries"] == []
        assert len(logs.queries.of(HERE)) <= KEPT

    with_logs(tmp_path, body)


def test_queries_are_kept_by_name(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        said = [await logs.call("PutQueryDefinition", name=name, queryString="fields a") for name in ("b/x", "a/y")]
        made = {"queryDefinitionId": said[0]["queryDefinitionId"]}
        listed = (await logs.call("DescribeQueryDefinitions"))["queryDefinitions"]
        assert [one["name"] for one in listed] == ["a/y", "b/x"]
        await logs.call("PutQueryDefinition", name="b/z", queryString="fields c", **made)
        [found] = (await logs.call("DescribeQueryDefinitions", queryDefinitionNamePrefix="b"))["queryDefinitions"]
        assert (found["name"], found["queryString"]) == ("b/z", "fields c")
        assert (await logs.call("DeleteQueryDefinition", **made))["success"] is True
        assert (await logs.refused("DeleteQueryDefinition", **made))[0] == "ResourceNotFoundException"

    with_logs(tmp_path, body)


def test_patterns_are_compared_with_those_of_the_time_before(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await logs.call("CreateLogGroup", logGroupName="g")
        await logs.call("CreateLogStream", logGroupName="g", logStreamName="s")
        said = [(-90, "ERROR disk 7 is full"), (-40, "took 12 ms"), (-20, "took 8 ms"), (-10, "INFO begun")]
        events = [{"timestamp": NOW + minutes * 60_000, "message": text} for minutes, text in said]
        await logs.call("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=events)
        answer = await _answer(logs, "pattern @message | diff | display @pattern, @differenceDescription, @difference")
        rows = [[one["value"] for one in row] for row in answer["results"]]
        new, gone = "New pattern", "Pattern gone"
        assert rows[0] == ["took <Number-1> ms", new, "2"]
        assert sorted(rows[1:]) == [["ERROR disk <Number-1> is full", gone, "-1"], ["INFO begun", new, "1"]]
        assert answer["statistics"]["recordsScanned"] == 4.0
        now = await _answer(logs, "pattern @message | filter @severityLabel = 'Error'")
        assert now["results"] == []

    with_logs(tmp_path, body)


def test_the_newest_are_found_from_the_end_and_the_others_counted(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _filled(logs, 8)
        await logs.call("CreateLogStream", logGroupName="g", logStreamName="t")
        late = [{"timestamp": NOW - 30_000, "message": "from another stream"}]
        await logs.call("PutLogEvents", logGroupName="g", logStreamName="t", logEvents=late)
        said = await _answer(logs, "fields @timestamp, @message | sort @timestamp desc | limit 3")
        shown = [row[1]["value"] for row in said["results"]]
        assert shown == ["from another stream", SCAN % (7, 7), SCAN % (6, 6)]
        assert said["statistics"]["recordsMatched"] == said["statistics"]["recordsScanned"] == 9.0
        until = await _answer(logs, "fields count | limit 2", endTime=NOW // 1000 - 301)
        assert [row[0]["value"] for row in until["results"]] == ["4", "3"]

    with_logs(tmp_path, body)

"""From documents to traces."""

import orjson
import pytest

from lambent.engine.traces import documents, graph, matching, summary
from lambent.engine.traces import filter as expressions
from lambent.engine.traces.compiling import compiled
from lambent.engine.traces.documents import Document, Unprocessed
from lambent.engine.traces.sampling import Sampler

ROOT = "1-5759e988-bd862e3fe1be46a994272793"


def said(number: int, name: str = "shop", start: float = 10.0, seconds: float = 1.0, **more: object) -> Document:
    own = {"id": f"{number:016x}", "trace_id": ROOT, "name": name, "start_time": start, "end_time": start + seconds}
    return own | more


def within(number: int, name: str, **more: object) -> Document:
    """A subsegment in a segment."""
    return {"id": f"{number:016x}", "name": name, "start_time": 10.1, "end_time": 10.4, **more}


def test_a_subsegment_that_comes_alone_goes_into_its_parent_in_whatever_order() -> None:
    parts = [
        said(3, "inner", type="subsegment", parent_id=f"{2:016x}"),
        said(2, "outer", type="subsegment", parent_id=f"{1:016x}"),
        said(1),
    ]
    for order in (parts, parts[::-1]):
        [whole] = compiled(orjson.loads(orjson.dumps(order)))
        [outer] = whole["subsegments"]
        assert (outer["name"], outer["subsegments"][0]["name"]) == ("outer", "inner")
        assert "type" not in outer and "trace_id" not in outer


def test_subsegments_that_are_each_others_parents_are_both_shown() -> None:
    found = compiled(
        [
            said(1, "one", type="subsegment", parent_id=f"{2:016x}"),
            said(2, "two", type="subsegment", parent_id=f"{1:016x}"),
        ]
    )
    names = [inner["name"] for one in found for inner in documents.walk(one)]
    assert sorted(names) == ["one", "two"]


def test_what_is_nested_too_deeply_is_shown_at_the_deepest_level() -> None:
    parts = [said(number, type="subsegment", parent_id=f"{number - 1:016x}") for number in range(2, 400)]
    [whole] = compiled([said(1), *parts])
    assert len(list(documents.walk(whole))) == 399
    assert orjson.dumps(whole)


def test_a_document_that_is_sent_again_completes_the_one_before() -> None:
    begun = said(1, in_progress=True) | {"subsegments": [within(2, "first")]}
    del begun["end_time"]
    ended = said(1, subsegments=[within(3, "second")])
    for order in ((begun, ended), (ended, begun)):
        [whole] = compiled(orjson.loads(orjson.dumps(order)))
        assert "in_progress" not in whole and whole["end_time"] == 11.0
        assert {one["name"] for one in whole["subsegments"]} == {"first", "second"}


def test_a_call_of_what_says_nothing_of_itself_is_an_inferred_segment() -> None:
    table = within(2, "DynamoDB", namespace="aws", aws={"table_name": "orders"})
    answered = within(3, "Lambda", namespace="aws")
    found = compiled([said(1, subsegments=[table, answered]), said(4, "f", parent_id=f"{3:016x}")])
    [inferred] = [one for one in found if one.get("inferred")]
    assert (inferred["origin"], inferred["parent_id"]) == ("AWS::DynamoDB::Table", table["id"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "1"}, "InvalidId"),
        ({"trace_id": "1-1-1"}, "InvalidTraceId"),
        ({"parent_id": 7}, "InvalidParentId"),
        ({"type": "subsegment"}, "MissingParentId"),
        ({"name": ""}, "InvalidName"),
        ({"start_time": "soon"}, "InvalidStartTime"),
        ({"end_time": None}, "MissingEndTime"),
        ({"end_time": 1e300}, "InvalidEndTime"),
        ({"annotations": 1}, "InvalidSegment"),
        ({"subsegments": [{"id": "1", "name": "a", "start_time": True}]}, "InvalidStartTime"),
        ({"metadata": {"a": "x" * 65_536}}, "SegmentTooLarge"),
    ],
)
def test_a_document_with_something_wrong_in_it_is_refused_by_name(change: Document, code: str) -> None:
    with pytest.raises(Unprocessed) as refused:
        documents.read(orjson.dumps(said(1) | change))
    assert refused.value.code == code


def _trace() -> list[Document]:
    table = within(2, "DynamoDB", namespace="aws", aws={"table_name": "orders"}, fault=True)
    return compiled(
        [
            said(1, "api", seconds=6.0, http={"request": {"url": "http://a/b", "method": "GET"}}, user="ann"),
            said(
                5,
                "f",
                12.0,
                parent_id=f"{1:016x}",
                origin="AWS::Lambda",
                annotations={"age": 30, "vip": True},
                subsegments=[table],
            ),
        ]
    )


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("duration > 5", True),
        ("responsetime >= 5 AND duration <= 5", False),
        ("!ok", True),
        ("NOT fault OR error", False),
        ('service("f") { fault }', True),
        ('service("api") { fault = true }', False),
        ('service(id(name: "orders", type: "AWS::DynamoDB::Table"))', True),
        ('edge("api", "f")', True),
        ('edge("f", "api")', False),
        ("annotation[age] > 29", True),
        ("annotation.vip = true", True),
        ('annotation["name"]', False),
        ('annotation[age] = "30"', False),
        ('http.url CONTAINS "a/" AND (user = "ann" OR user = "bob")', True),
        ('http.method != "GET"', False),
        ('name BEGINSWITH "ap"', True),
        ("http.status > 1", False),
    ],
)
def test_filter_expressions(expression: str, fits: bool) -> None:
    assert matching.fits(expressions.read(expression), _trace()) is fits


@pytest.mark.parametrize("expression", ["duration", "a = 1", "(ok", 'user > "a"', "ok ok", "#", "(" * 1_500 + "ok", ""])
def test_an_expression_that_can_not_be_read_is_told_where(expression: str) -> None:
    with pytest.raises(expressions.Invalid):
        expressions.read(expression)


def test_keywords_that_nothing_answers_are_refused_by_name() -> None:
    with pytest.raises(expressions.Unbuilt, match=r"group\.name"):
        expressions.read('group.name = "a"')


def test_a_summary_says_what_is_in_the_trace() -> None:
    told = summary.summary(ROOT, _trace())
    assert (told["Duration"], told["ResponseTime"], told["HasFault"], told["HasError"]) == (6.0, 6.0, True, False)
    assert told["Http"] == {"HttpURL": "http://a/b", "HttpMethod": "GET"}
    assert told["Users"] == [{"UserName": "ann"}]
    assert told["Annotations"]["age"][0]["AnnotationValue"] == {"NumberValue": 30.0}
    assert told["EntryPoint"]["Name"] == "api"


def test_a_graph_begins_with_a_client() -> None:
    found = {(one["Name"], one.get("Type", "")): one for one in graph.graph_of([_trace()]).told("1")}
    assert set(found) == {("api", "client"), ("api", ""), ("f", "AWS::Lambda"), ("orders", "AWS::DynamoDB::Table")}
    [edge] = found[("f", "AWS::Lambda")]["Edges"]
    assert edge["ReferenceId"] == found[("orders", "AWS::DynamoDB::Table")]["ReferenceId"]
    assert edge["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 1
    assert found[("api", "")]["Root"]


def test_the_first_of_a_second_and_a_share_of_the_others_are_sampled() -> None:
    now, chances = [0.0], iter([0.5, 0.01, 0.9])
    sampler = Sampler(lambda: now[0], lambda: next(chances))
    assert [sampler.takes("f") for _ in range(3)] == [True, False, True]
    assert sampler.takes("g")
    now[0] = 1.0
    assert [sampler.takes("f"), sampler.takes("f")] == [True, False]


def test_times_of_the_machines_clock_become_the_platforms_and_those_that_are_stay() -> None:
    ahead, now = 86_400.0, 86_420.0
    whole = said(1, subsegments=[within(2, "part"), within(3, "open", end_time=None)])
    moved = documents.moved(whole, ahead, now)
    assert (moved["start_time"], moved["end_time"]) == (86_410.0, 86_411.0)
    assert [(one["start_time"], one["end_time"]) for one in moved["subsegments"]] == [
        (86_410.1, 86_410.4),
        (86_410.1, None),
    ]
    assert documents.moved(moved, ahead, now) is moved

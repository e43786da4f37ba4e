"""What of a mapping will bite."""

from dataclasses import replace

from lambent.model.event_source import EventSource
from lambent.model.scope import Scope
from lambent.services.lambda_.event_sources.advice import QueueFacts, facts, finding, of_filters, of_queue, of_stream

QUEUE = EventSource("u", "arn", Scope(), "arn:aws:sqs:us-east-1:000000000000:q", "f", "", 10, 5.0)
STREAM = replace(QUEUE, source="arn:aws:kinesis:us-east-1:000000000000:stream/s")


def test_a_careful_queue_has_nothing_to_say() -> None:
    careful = replace(QUEUE, reports_failures=True)
    assert list(of_queue(careful, QueueFacts(visibility=23, receives=5), timeout=3)) == []


def test_each_pitfall_of_a_queue() -> None:
    said = [message for message, _ in of_queue(QUEUE, QueueFacts(visibility=22, receives=None), timeout=3)]
    assert len(said) == 3
    assert "22 s" in said[0] and "no dead-letter queue" in said[1] and "all 10" in said[2]
    (few, _), *_ = list(of_queue(replace(QUEUE, batch_size=1), QueueFacts(30, 2), 3))
    assert "maxReceiveCount is 2" in few


def test_facts_of_attributes() -> None:
    redrive = '{"deadLetterTargetArn": "x", "maxReceiveCount": 4}'
    assert facts({"VisibilityTimeout": "30", "RedrivePolicy": redrive}) == QueueFacts(30, 4)
    assert facts({"VisibilityTimeout": "30"}) == QueueFacts(30, None)


def test_streams() -> None:
    assert "without a limit" in next(of_stream(STREAM))[0]
    assert "no OnFailure" in next(of_stream(replace(STREAM, maximum_retries=3)))[0]
    assert list(of_stream(replace(STREAM, maximum_retries=3, on_failure="arn:aws:sqs:x"))) == []


def test_all_pitfalls_of_a_mapping_are_one_finding() -> None:
    """Of a resource and a code the latest alone is kept."""
    said = finding("arn", list(of_queue(QUEUE, QueueFacts(visibility=22, receives=None), timeout=3)))
    assert "22 s" in said.message and "no dead-letter queue" in said.message and "all 10" in said.message
    assert "ReportBatchItemFailures" in said.hint


def test_a_batch_size_that_can_not_be_reached_is_said() -> None:
    table = replace(
        STREAM, source="arn:aws:dynamodb:eu-west-1:111111111111:table/t/stream/1", batch_size=2_000, window=0.0
    )
    assert "a read of a table's stream answers 1000" in next(of_stream(table))[0]
    assert "can't be reached" not in next(of_stream(replace(table, window=1.0)))[0]
    assert "can't be reached" not in next(of_stream(replace(STREAM, batch_size=10_000)))[0]


def test_more_filters_than_an_account_has_at_first_are_said() -> None:
    assert list(of_filters(replace(QUEUE, filters=("{}",) * 5))) == []
    assert "There are 6 filters" in next(of_filters(replace(QUEUE, filters=("{}",) * 6)))[0]

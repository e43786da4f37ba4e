"""What becomes of the record of a discarded batch."""

import asyncio

from lambent.engine.failure_record import KINESIS, LastRun, Origin
from lambent.engine.shard import Condition, Discarded, Record
from lambent.events.sources.failures import Failures
from lambent.model.delivery import Delivery, DeliveryFailed
from tests.unit.sources.kit import START, STREAM, Lab, mapping

ORIGIN = Origin("arn:aws:lambda:eu-west-1:111111111111:function:f", STREAM, "s0", KINESIS)
GONE = Discarded((Record("1", "k", START, 2, b"{}"),), Condition.RETRIES, 3)
QUEUE = "arn:aws:sqs:eu-west-1:111111111111:failed"


async def refuse(_message: Delivery) -> None:
    raise DeliveryFailed("there is no such queue", passing=False)


def tell(send: object, on_failure: str) -> Lab:
    lab = Lab()
    source = mapping(STREAM, on_failure=on_failure)
    observed = lab.observed(source)
    failures = Failures(send, lab.clock.wall)  # type: ignore[arg-type]
    asyncio.run(failures.tell(source, ORIGIN, GONE, LastRun("id"), b"{}", observed))
    lab.counts = observed.counts  # type: ignore[attr-defined]
    return lab


def test_without_a_destination_records_count_as_dropped() -> None:
    lab = tell(refuse, "")
    assert lab.counts == {"DroppedEventCount": 1} and not lab.findings  # type: ignore[attr-defined]


def test_a_record_that_can_not_be_delivered_is_reported() -> None:
    lab = tell(refuse, QUEUE)
    assert lab.counts == {"DroppedEventCount": 1}  # type: ignore[attr-defined]
    assert lab.codes == ["undelivered/source"] and "no such queue" in lab.findings[0].message


def test_a_record_that_arrived_is_counted() -> None:
    sent: list[Delivery] = []

    async def take(message: Delivery) -> None:
        sent.append(message)

    lab = tell(take, QUEUE)
    assert lab.counts == {"OnFailureDestinationDeliveredEventCount": 1}  # type: ignore[attr-defined]
    assert sent[0].target == QUEUE

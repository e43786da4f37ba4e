"""What is measured of queues, by CloudWatch's names.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from lambent.model.metric import Measure, Metric, unmeasured
from lambent.queues.config import Config

NAMESPACE = "AWS/SQS"


class Tally:
    """Takes the measurements of all queues; `measure` takes them further."""

    def __init__(self) -> None:
        self.measure: Measure = unmeasured

    def sent(self, queue: Config, sizes: list[int]) -> None:
        """Messages of so many bytes were sent."""
        for size in sizes:
            self._add(queue, "NumberOfMessagesSent", "Count", 1.0)
            self._add(queue, "SentMessageSize", "Bytes", float(size))

    def received(self, queue: Config, count: int) -> None:
        """A receive has answered so many messages."""
        if count:
            self._add(queue, "NumberOfMessagesReceived", "Count", float(count))
        else:
            self._add(queue, "NumberOfEmptyReceives", "Count", 1.0)

    def deleted(self, queue: Config, count: int) -> None:
        """Messages were deleted by those who had received them."""
        if count:
            self._add(queue, "NumberOfMessagesDeleted", "Count", float(count))

    def standing(self, queue: Config, visible: int, held: int, delayed: int, age: float) -> None:
        """What is in a queue at a moment; `age` of the oldest message is in seconds."""
        self._add(queue, "ApproximateNumberOfMessagesVisible", "Count", float(visible))
        self._add(queue, "ApproximateNumberOfMessagesNotVisible", "Count", float(held))
        self._add(queue, "ApproximateNumberOfMessagesDelayed", "Count", float(delayed))
        self._add(queue, "ApproximateAgeOfOldestMessage", "Seconds", age)

    def _add(self, queue: Config, name: str, unit: str, value: float) -> None:
        self.measure(Metric(queue.scope, NAMESPACE, name, (("QueueName", queue.name),)), unit, value)

"""AWS's numbers, as dated profiles.

A number that AWS has changed stays reproducible: choose the profile of its day. Sizes are bytes unless the
name ends in `_mb`, times are seconds. Source: the developer guide's quotas page (gettingstarted-limits) as of
the profile's year, and AWS's recorded answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

KB = 1024
MB = 1024 * KB
GB = 1024 * MB
SHARD_RECORDS, SHARD_BYTES = 1_000, MB
"""What a shard of Kinesis takes in a second.
Source: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"""


@dataclass(frozen=True, slots=True)
class Limits:
    """The quotas of one account in one region."""

    profile: str
    timeout_default: int = 3
    memory_default_mb: int = 128
    tmp_default_mb: int = 512
    function_name: int = 64
    """Characters."""
    zip_direct: int = 50 * MB
    zip_unzipped: int = 250 * MB
    environment: int = 4 * KB
    """Variables as compact JSON."""
    sync_request_bytes: int = 6 * MB
    sync_response_bytes: int = 6 * MB + 100
    async_request_bytes: int = 1 * MB
    layers: int = 5
    tags: int = 50
    policy: int = 20 * KB
    """A resource policy as compact JSON."""
    code_storage: int = 300 * GB
    concurrency: int = 1_000
    unreserved_minimum: int = 100
    sqs_message_bytes: int = 1 * MB
    """Of an SQS message, and of all messages of a batch; the default and the most of MaximumMessageSize."""
    sqs_fair_queues: bool = True
    """Whether standard queues take message groups."""
    requests_per_place: int = 10
    """Synchronous requests in a second for each unit of concurrency."""
    scaling_burst: int = 1_000
    """Environments that may be started at once,"""
    scaling_bursts: Mapping[str, int] = field(default_factory=dict)
    """where a region has no number of its own;"""
    scaling_per_minute: float = 6_000
    """then so many a minute,"""
    scaling_shared: bool = False
    """for each function, or for all of an account in a region together."""

    def with_concurrency(self, limit: int) -> "Limits":
        """The same with another limit on concurrent executions.

        New accounts have as few as 10, none of which they can reserve: callers report a minimum of [10] then.
        """
        return replace(self, concurrency=limit, unreserved_minimum=min(self.unreserved_minimum, limit))


AWS_2026 = Limits(profile="aws-2026")
AWS_2022 = replace(
    AWS_2026,
    profile="aws-2022",
    async_request_bytes=256 * KB,
    sqs_message_bytes=256 * KB,
    sqs_fair_queues=False,
    code_storage=75 * GB,
    scaling_burst=500,
    scaling_bursts=dict.fromkeys(("us-west-2", "us-east-1", "eu-west-1"), 3_000)
    | dict.fromkeys(("ap-northeast-1", "eu-central-1", "us-east-2"), 1_000),
    scaling_per_minute=500,
    scaling_shared=True,
)

PROFILES = {limits.profile: limits for limits in (AWS_2026, AWS_2022)}

"""What AWS asks for what functions use: one dated table (US East, N. Virginia), in US dollars.

Of functions' GB-seconds and logs and of metrics it has all tiers, of all else the first.
`PRICES` is of `AS_OF`; each row has its source.
"""

import math
from typing import NamedTuple

AS_OF = "2026-11"
REGION = "us-east-1"
SECONDS_A_MONTH = 730 * 3600
"""As AWS's calculator has it."""


COMPRESSED = 0.15
"""What is left of logs as they are billed while they are kept: the examples of https://aws.amazon.com/cloudwatch/pricing/."""
EXPRESS_MB, _EXPRESS_STEP_MS = 64, 100


def express_ms(took: float) -> int:
    """What a run of an Express workflow is billed for: so many milliseconds, rounded up
    (https://aws.amazon.com/step-functions/pricing/; memory by `EXPRESS_MB`, the least there is)."""
    return max(math.ceil(took / _EXPRESS_STEP_MS), 1) * _EXPRESS_STEP_MS


FREE_STORAGE_MB = 512
"""Of a function's /tmp that costs nothing."""


class Price(NamedTuple):
    """`dollars` for `per` units of what is metered; `free` units a month cost nothing."""

    dollars: float
    per: float
    unit: str
    source: str
    free: float = 0.0
    above: tuple[tuple[float, float], ...] = ()
    """Cheaper tiers: units a month above which a unit costs so many dollars (for `per`), the first ones first."""


_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_API = "https://aws.amazon.com/api-gateway/pricing/"
_STATES = "https://aws.amazon.com/step-functions/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
SNAPSHOTS_BILLED = ("python", "dotnet")
"""How the runtimes begin whose snapshots cost something; Java's do not."""
STANDING = ("lambda:provisioned:", "lambda:snapstart-cache", "logs:stored", "nat:hour", "endpoint:hour", "cloudwatch:")
"""How prices begin of what costs as long as it is there, however much is asked of it."""
PRICES: dict[str, Price] = {
    "lambda:requests": Price(0.20, 1e6, "requests", _LAMBDA, 1e6),
    "lambda:duration:x86_64": Price(0.0000166667, 1, "GB-s", _LAMBDA, 400_000, ((6e9, 0.000015), (15e9, 0.0000133334))),
    "lambda:duration:arm64": Price(
        0.0000133334, 1, "GB-s", _LAMBDA, 400_000, ((7.5e9, 0.0000120001), (18.75e9, 0.0000106667))
    ),
    "lambda:provisioned:x86_64": Price(0.0000041667, 1, "GB-s", _LAMBDA),
    "lambda:provisioned:arm64": Price(0.0000033334, 1, "GB-s", _LAMBDA),
    "lambda:provisioned-duration:x86_64": Price(0.0000097222, 1, "GB-s", _LAMBDA),
    "lambda:provisioned-duration:arm64": Price(0.0000077778, 1, "GB-s", _LAMBDA),
    "lambda:ephemeral-storage": Price(0.0000000309, 1, "GB-s", _LAMBDA),
    "lambda:snapstart-cache": Price(0.0000015046, 1, "GB-s", _LAMBDA),
    "lambda:snapstart-restore": Price(0.0001397998, 1, "GB", _LAMBDA),
    "lambda:streamed": Price(0.008, 1e9, "bytes", _LAMBDA, 100e9),
    "logs:ingested": Price(0.50, 1e9, "bytes", _CLOUDWATCH, 5e9),
    "logs:of-lambda": Price(0.50, 1e9, "bytes", _CLOUDWATCH, 5e9, ((10e12, 0.25), (30e12, 0.10), (50e12, 0.05))),
    "logs:stored": Price(0.03, 1e9, "byte-months", _CLOUDWATCH, 5e9),
    "cloudwatch:metrics": Price(
        0.30, 1, "metric-months", _CLOUDWATCH, 10, ((10_000, 0.10), (250_000, 0.05), (1_000_000, 0.02))
    ),
    "cloudwatch:alarms": Price(0.10, 1, "alarm-months", _CLOUDWATCH, 10),
    "cloudwatch:alarms-high-resolution": Price(0.30, 1, "alarm-months", _CLOUDWATCH),
    "cloudwatch:alarms-composite": Price(0.50, 1, "alarm-months", _CLOUDWATCH),
    "sqs:standard": Price(0.40, 1e6, "requests", "https://aws.amazon.com/sqs/pricing/", 1e6),
    "sqs:fifo": Price(0.50, 1e6, "requests", "https://aws.amazon.com/sqs/pricing/", 1e6),
    "kinesis:put": Price(0.014, 1e6, "units of 25 KB", "https://aws.amazon.com/kinesis/data-streams/pricing/"),
    "apigateway:rest": Price(3.50, 1e6, "requests", _API),
    "apigateway:http": Price(1.00, 1e6, "requests", _API),
    "states:standard": Price(0.025, 1e3, "transitions", _STATES, 4000),
    "states:express": Price(1.00, 1e6, "requests", _STATES),
    "states:express-duration": Price(0.00001667, 1, "GB-s", _STATES),
    "s3:requests-1": Price(0.005, 1e3, "requests", "https://aws.amazon.com/s3/pricing/"),
    "s3:requests-2": Price(0.0004, 1e3, "requests", "https://aws.amazon.com/s3/pricing/"),
    "xray:traces": Price(5.00, 1e6, "traces", "https://aws.amazon.com/xray/pricing/", 100_000),
    "nat:hour": Price(0.045, 1, "hours", "https://aws.amazon.com/vpc/pricing/"),
    "nat:processed": Price(0.045, 1e9, "bytes", "https://aws.amazon.com/vpc/pricing/"),
    "endpoint:hour": Price(0.01, 1, "hours", "https://aws.amazon.com/privatelink/pricing/"),
    "endpoint:processed": Price(
        0.01, 1e9, "bytes", "https://aws.amazon.com/privatelink/pricing/", above=((1e15, 0.006), (5e15, 0.004))
    ),
}

"""The condition keys that every request has.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import functools
from datetime import UTC, datetime

LOOPBACK = "127.0.0.1"


def of_any(now: float, source_ip: str = LOOPBACK) -> dict[str, str]:
    """At `now` (seconds since 1970, on the platform's clock). A platform on the loopback stands for one that is reached
    by TLS."""
    return {**_of_second(int(now)), "aws:securetransport": "true", "aws:sourceip": source_ip}


@functools.lru_cache(16)
def _of_second(second: int) -> dict[str, str]:
    """Requests come by the thousand in one; writing it takes a tenth of what a policy does."""
    moment = datetime.fromtimestamp(second, UTC)
    return {"aws:currenttime": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "aws:epochtime": str(second)}

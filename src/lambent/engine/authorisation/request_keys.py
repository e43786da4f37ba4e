"""The condition keys that every request has.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from datetime import UTC, datetime

LOOPBACK = "127.0.0.1"


def of_any(now: float, source_ip: str = LOOPBACK) -> dict[str, str]:
    """At `now` (seconds since 1970, on the platform's clock). A platform on the loopback stands for one that is reached
    by TLS."""
    moment = datetime.fromtimestamp(now, UTC)
    return {
        "aws:currenttime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "aws:epochtime": str(int(now)),
        "aws:securetransport": "true",
        "aws:sourceip": source_ip,
    }

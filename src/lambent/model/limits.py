"""AWS's numbers, as dated profiles.

A number that AWS has changed stays reproducible: choose the profile of its day. Sizes are bytes unless the
name ends in `_mb`, times are seconds. Source: the developer guide's quotas page (gettingstarted-limits) as of
the profile's year, and AWS's recorded answers.
"""

from dataclasses import dataclass, replace

KB = 1024
MB = 1024 * KB
GB = 1024 * MB


@dataclass(frozen=True, slots=True)
class Limits:
    """The quotas of one account in one region."""

    profile: str
    timeout_default: int = 3
    timeout_max: int = 900
    memory_default_mb: int = 128
    memory_min_mb: int = 128
    memory_max_mb: int = 10_240
    tmp_default_mb: int = 512
    tmp_max_mb: int = 10_240
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


AWS_2026 = Limits(profile="aws-2026")
AWS_2022 = replace(AWS_2026, profile="aws-2022", async_request_bytes=256 * KB, code_storage=75 * GB)

PROFILES = {limits.profile: limits for limits in (AWS_2026, AWS_2022)}

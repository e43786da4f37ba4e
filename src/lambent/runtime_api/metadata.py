"""The metadata endpoint of an execution environment: in which availability zone it runs.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-metadata-endpoint.html: on the address of the Runtime API,
for the runtime and for extensions, with a token that each environment has of its own. AWS's texts for refusals are
those of its runtime interface emulator (package lmds).
"""

import hmac
import json
import re
from collections.abc import Callable

from lambent.runtime_api.extensions import Reply
from lambent.runtime_api.server import Request

PATH = b"/2026-01-15/metadata/execution-environment"
MAX_AGE = 43_200
"""Seconds for which clients may keep the answer: it does not change within an environment."""

_COMPASS = {"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}


def zone(region: str) -> str:
    """The id of the region's first availability zone, "use1-az1" of us-east-1. Environments here are all in it.

    https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
    """
    first, *rest = region.split("-")
    letters = "".join(
        _COMPASS.get(part, "") for word in rest for part in re.findall("|".join(_COMPASS), word) or [word]
    )
    gov = "g" if "gov" in rest else ""
    number = rest[-1] if rest and rest[-1].isdigit() else ""
    return f"{first}{gov}{letters}{number}-az1"


def answers(token: str, region: str) -> Callable[[Request], Reply]:
    """What answers requests for the metadata of an environment with that token."""
    known = json.dumps({"AvailabilityZoneID": zone(region)}).encode()

    def answer(request: Request) -> Reply:
        if request.method != b"GET":
            return _refused(405, "Method Not Allowed")
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return _refused(401, "Unauthorized")
        return Reply(200, known, (("Cache-Control", f"private, max-age={MAX_AGE}, immutable"),))

    return answer


def _refused(status: int, text: str) -> Reply:
    return Reply(status, f"{text}\n".encode(), content_type="text/plain; charset=utf-8")

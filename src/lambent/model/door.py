"""A call of a function by a front door (API Gateway, a load balancer), before anything is known of the function."""

from dataclasses import dataclass

from lambent.model.credentials import Signer

CALLERS = "arn:aws:iam::*:user/*"
"""In the place of a role: whoever asked is who asks the backend.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html (credentials)
"""


class NotPermitted(Exception):
    """The function's policy does not let the door call it; the text says what would."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who calls: a service (`apigateway.amazonaws.com`) for `source_arn`, which is of `account` in `region`. `role` is
    the ARN of the role that it calls with instead of asking the function's policy, `CALLERS` for the rights of the
    `signer`, who asked the door and has signed, "" for none."""

    service: str
    source_arn: str
    account: str
    region: str
    role: str = ""
    signer: Signer | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the function's ARN, the event, and the ids that it is known by. `templated` is whether the event is a
    client's or a template's text, which may be no JSON."""

    function: str
    payload: bytes
    request_id: str
    trace_id: str | None = None
    templated: bool = False

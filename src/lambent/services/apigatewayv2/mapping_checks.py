"""Which parameters an HTTP API's integration may map.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html (keys, reserved headers);
the form of the text: https://github.com/hashicorp/terraform-provider-aws/pull/17997.
"""

import re
from collections.abc import Iterable

from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.env import Document

REQUEST = re.compile(r"(?:append|overwrite|remove):(?:header|querystring)\.\S+|overwrite:path")
RESPONSE = re.compile(r"(?:append|overwrite|remove):header\.\S+|overwrite:statuscode")
STATUS = re.compile(r"[2-5](?:\d\d|XX)")
RESERVED = frozenset(
    {
        "authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded",
        "keep-alive", "origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding",
        "upgrade", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via",
    }
)  # fmt: skip
RESERVED_BEGINNINGS = ("access-control-", "apigw-", "x-amz-", "x-amzn-")


def check(integration: Document) -> None:
    """Raises 400."""
    errors = list(_errors("Request", REQUEST, integration.get("RequestParameters") or {}))
    for status, mapped in (integration.get("ResponseParameters") or {}).items():
        if not STATUS.fullmatch(str(status)):
            errors.append(f"Invalid status code specified: {status}. It has to be between 200 and 599")
        errors += _errors("Response", RESPONSE, mapped)
    if errors:
        raise faults.bad_request(
            f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{', '.join(errors)}]"
        )


def _errors(what: str, form: re.Pattern[str], targets: Iterable[str]) -> Iterable[str]:
    for target in targets:
        name = target.partition(":header.")[2].lower()
        if not form.fullmatch(target):
            yield f"Invalid {what} Actioned Parameter: {target}"
        elif name in RESERVED or name.startswith(RESERVED_BEGINNINGS):
            yield f"Operations on header {name} are restricted"

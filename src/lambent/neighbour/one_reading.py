"""A request as moto has to read it: as it was read here, and looked at by whoever asks policies.

moto takes an Action from the query string, from a form or from X-Amz-Target, whatever the service's protocol, and of a
field that is sent twice the first; here the last one counts, as a body's does. What says two things is made to say one.
"""

import re
from dataclasses import replace
from urllib.parse import urlencode

from lambent.neighbour.request_model import Asked
from lambent.wire.http import Request
from lambent.wire.locate import FORM
from lambent.wire.query import check_fields, form_of, pairs_of

FORMS = (FORM, "multipart/form-data")
CREDENTIAL = re.compile(r"[\w/.-]{1,200}", re.ASCII)
MOST_FIELDS = 10_000
"""Of a form: moto looks through all of them for each member of a list."""
ACTION, TARGET = "Action", "x-amz-target"


def one_reading(asked: Asked) -> Request:
    """The request with everything that could be read as another operation or other parameters taken out.
    Raises Fault."""
    protocol = asked.model.protocol if asked.model is not None else ""
    headers = {name: value for name, value in asked.request.headers.items() if "_" not in name}  # WSGI's for "-"
    request = replace(asked.request, headers=headers)
    if not asked.operation:
        return request
    if protocol in ("query", "ec2"):
        return _form(request)
    headers = _without_form(headers)
    if protocol == "json":
        return replace(request, query="", headers=headers)
    if protocol.startswith("rest"):
        headers.pop(TARGET, None)
        return replace(request, query=_without_action(request.query), headers=headers)
    return replace(request, headers=headers)


def _form(request: Request) -> Request:
    """The fields, each once, in the body alone. Raises Fault for too many of them."""
    headers = {**request.headers, "content-type": FORM}
    headers.pop(TARGET, None)
    credential = dict(pairs_of(request.query)).get("X-Amz-Credential", "")
    if CREDENTIAL.fullmatch(credential) and "authorization" not in headers:  # a link: moto takes its service from there
        headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, "
    fields = form_of(request)
    check_fields(len(fields), MOST_FIELDS)
    body = urlencode(fields).encode()
    return replace(request, method="POST", query="", headers=headers, body=body)


def _without_form(headers: dict[str, str]) -> dict[str, str]:
    is_form = headers.get("content-type", "").lower().lstrip().startswith(FORMS)
    return {**headers, "content-type": "application/octet-stream"} if is_form else dict(headers)


def _without_action(query: str) -> str:
    """What stays is as it was sent."""
    if not any(name == ACTION for name, _ in pairs_of(query)):
        return query
    return urlencode([(name, value) for name, value in pairs_of(query) if name != ACTION])

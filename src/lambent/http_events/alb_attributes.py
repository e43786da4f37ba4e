"""What the attributes of a load balancer and of a listener make of headers.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html (requests)
and …/API_ListenerAttribute.html (answers).
"""

import re
from collections.abc import Mapping, Sequence

Lines = Sequence[tuple[str, str]]
DROP, XFF = "routing.http.drop_invalid_header_fields.enabled", "routing.http.xff_header_processing.mode"
SERVER = "routing.http.response.server.enabled"
ADDED = {
    f"routing.http.response.{name.lower().replace('-', '_')}.header_value": name
    for name in (
        "Strict-Transport-Security", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers",
        "Access-Control-Max-Age", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options",
    )
}  # fmt: skip
"""A listener's attribute -> the header that its answers have."""
_VALID = re.compile(r"[-A-Za-z0-9]+")


def received(headers: Lines, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of a request as rules and functions see them."""
    if attributes.get(DROP) == "true":
        return [one for one in headers if _VALID.fullmatch(one[0])]
    return list(headers)


def forwarded_for(sent: str, peer: str, attributes: Mapping[str, str]) -> str | None:
    """X-Forwarded-For, where `sent` is what the client says ("" for nothing); None to leave it out."""
    mode = attributes.get(XFF) or "append"
    if mode == "remove":
        return None
    if mode == "preserve":
        return sent or None
    return f"{sent}, {peer}" if sent else peer


def answered(headers: Lines, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of an answer with what a listener adds: its own take the place of the function's."""
    added = [(name, attributes[key]) for key, name in ADDED.items() if attributes.get(key)]
    names = {name.lower() for name, _ in added} | ({"server"} if attributes.get(SERVER) == "false" else set())
    return [one for one in headers if one[0].lower() not in names] + added

"""Keys of S3 that are no parameter of their own.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl

from lambent.engine.authorisation.patterns import lower
from lambent.permissions.keys.of_request import pair_name, pair_value
from lambent.permissions.keys.view import Value, View

_TLS = "1.3"
"""A platform on the loopback stands for one that is reached by TLS."""


def auth_type(view: View) -> Value:
    """How it is signed."""
    if view.sent.is_form:
        return "POST"
    return "REST-QUERY-STRING" if "X-Amz-Signature=" in view.sent.query else "REST-HEADER"


def signature_version(_view: View) -> Value:
    """Nothing else is taken."""
    return "AWS4-HMAC-SHA256"


def signature_age(view: View) -> Value:
    """Milliseconds since it was signed."""
    said = parse_qs(view.sent.query).get("X-Amz-Date", [view.sent.headers.get("x-amz-date", "")])[0]
    try:
        at = datetime.strptime(said, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return str(max(int((view.sent.at - at) * 1_000), 0))


def tls(_view: View) -> Value:
    """TLS's version."""
    return _TLS


def content_sha256(view: View) -> Value:
    """The header; a presigned link is of no body."""
    return view.sent.headers.get("x-amz-content-sha256") or (
        "UNSIGNED-PAYLOAD" if "X-Amz-Signature=" in view.sent.query else None
    )


def request_tags(view: View) -> dict[str, str]:
    """The tags of an object that the request gives."""
    said = view.right.params.get("Tagging")
    if isinstance(said, str):
        return dict(parse_qsl(said, keep_blank_values=True))
    pairs = said.get("TagSet", ()) if isinstance(said, dict) else ()
    return {pair_name(one): pair_value(one) for one in pairs}


def request_tag(view: View, name: str) -> Value:
    """One of them."""
    return next((value for key, value in request_tags(view).items() if lower(key) == name), None)


def request_tag_keys(view: View) -> Value:
    """Their names."""
    return tuple(request_tags(view)) or None


KEYS = {
    "s3:authtype": auth_type,
    "s3:signatureversion": signature_version,
    "s3:signatureage": signature_age,
    "s3:tlsversion": tls,
    "s3:x-amz-content-sha256": content_sha256,
    "s3:requestobjecttagkeys": request_tag_keys,
}
FAMILIES = {"s3:requestobjecttag/": request_tag}

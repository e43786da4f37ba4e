"""Signature Version 4: check requests that were signed in a header or in the query, and sign links.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. S3 differs: its
paths are encoded once and not normalised, and its payloads may be unsigned or signed in chunks (see
`chunks`).
"""

import hashlib
import hmac
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from urllib.parse import quote, unquote, urlsplit

from lambent.wire.http import Request
from lambent.wire.locate import Credential, credential_of

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING = "STREAMING-"
DATE_FORM = "%Y%m%dT%H%M%SZ"
MAX_SKEW = timedelta(minutes=15)
MAX_EXPIRES = 7 * 24 * 3600
ENCODED_ONCE = frozenset({"s3", "s3express", "s3-outposts"})
"""Signing names whose canonical paths are encoded once: an exception that SigV4 itself makes."""
UNRESERVED = "-_.~"
FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")

SecretOf = Callable[[str], str | None]
"""The secret key of an access key id, None for one that nobody has."""


class Reason(Enum):
    """Why a request is refused; each service has its own code for it."""

    UNSIGNED = "Missing Authentication Token"
    INCOMPLETE = "The request's signature lacks a part"
    UNKNOWN_KEY = "The security token included in the request is invalid."
    EXPIRED = "Signature expired"
    MISMATCH = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method. Consult the service documentation for details."
    )
    PAYLOAD = "The provided 'x-amz-content-sha256' header does not match what was computed."


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that isn't signed as it must be."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A request whose signature is right.

    `payload` is the payload hash that was signed: hex, UNSIGNED-PAYLOAD or STREAMING-…; `signature`, `key`
    and `date` are what the signatures of chunks are built on.
    """

    credential: Credential
    payload: str
    signature: str
    key: bytes
    date: str


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says of its signature."""

    credential: Credential
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    expires: int | None


def verify(request: Request, secret_of: SecretOf, now: datetime) -> Verified | Refused:
    """Check `request` as of `now` (aware)."""
    signature = read_signature(request)
    if isinstance(signature, Refused):
        return signature
    late = _late(signature, now)
    if late is not None:
        return late
    secret = secret_of(signature.credential.access_key)
    if secret is None:
        return _refused(Reason.UNKNOWN_KEY)
    payload = _payload_hash(request, signature)
    if payload is None:
        return _refused(Reason.PAYLOAD)
    key = signing_key(secret, signature.credential)
    for canonical in _canonical_requests(request, signature, payload):
        expected = sign(key, string_to_sign(canonical, signature.date, signature.credential))
        if hmac.compare_digest(expected.encode(), signature.signature.encode()):
            return Verified(signature.credential, payload, signature.signature, key, signature.date)
    return _refused(Reason.MISMATCH)


def presign(
    url: str,
    credential: Credential,
    secret: str,
    now: datetime,
    *,
    expires: int,
    method: str = "GET",
    token: str | None = None,
) -> str:
    """`url` with a signature in its query that is good for `expires` seconds; the Host header alone is
    signed."""
    date = now.astimezone(UTC).strftime(DATE_FORM)
    parts = urlsplit(url)
    pairs = [
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{credential.access_key}/{scope_of(credential)}"),
        ("X-Amz-Date", date),
        ("X-Amz-Expires", str(expires)),
        ("X-Amz-SignedHeaders", "host"),
    ]
    if token is not None:
        pairs.append(("X-Amz-Security-Token", token))
    query = "&".join(filter(None, [parts.query, *(f"{name}={_encoded(value)}" for name, value in pairs)]))
    request = Request(method, parts.path or "/", query, {"host": parts.netloc})
    signature = Signature(credential, ("host",), "", date, expires)
    payload = UNSIGNED_PAYLOAD if credential.service in ENCODED_ONCE else sha256_hex(b"")
    canonical = next(_canonical_requests(request, signature, payload))
    signed = sign(signing_key(secret, credential), string_to_sign(canonical, date, credential))
    return f"{parts.scheme}://{parts.netloc}{parts.path or '/'}?{query}&X-Amz-Signature={signed}"


def read_signature(request: Request) -> Signature | Refused:
    """What the request says of its signature, from the Authorization header or else the query."""
    header = request.headers.get("authorization")
    if header is not None:
        return _from_header(request, header)
    query = _query_fields(request.query)
    if "X-Amz-Signature" in query or "X-Amz-Algorithm" in query:
        return _from_query(request, query)
    return _refused(Reason.UNSIGNED)


def signing_key(secret: str, credential: Credential) -> bytes:
    """The key that a credential scope derives from a secret."""
    key = f"AWS4{secret}".encode()
    for part in (credential.date, credential.region, credential.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def scope_of(credential: Credential) -> str:
    """The credential scope, as it stands in the string to sign."""
    return f"{credential.date}/{credential.region}/{credential.service}/aws4_request"


def string_to_sign(canonical: str, date: str, credential: Credential) -> str:
    """What is signed of a canonical request."""
    return "\n".join((ALGORITHM, date, scope_of(credential), sha256_hex(canonical.encode())))


def canonical_request(request: Request, path: str, query: str, headers: Sequence[tuple[str, str]], payload: str) -> str:
    """The canonical form of a request whose parts are canonical."""
    lines = "".join(f"{name}:{value}\n" for name, value in headers)
    names = ";".join(name for name, _ in headers)
    return "\n".join((request.method, path, query, lines, names, payload))


def sign(key: bytes, text: str) -> str:
    """The hex signature of a text."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def sha256_hex(data: bytes) -> str:
    """The hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def _refused(reason: Reason, message: str | None = None) -> Refused:
    return Refused(reason, message or reason.value)


def _from_header(request: Request, header: str) -> Signature | Refused:
    if not header.startswith(ALGORITHM):
        return _refused(Reason.INCOMPLETE, f"Unsupported AWS 'algorithm': '{header.partition(' ')[0]}'.")
    fields = {field[1]: field[2] for field in FIELD.finditer(header)}
    for name in ("Credential", "Signature", "SignedHeaders"):
        if name not in fields:
            message = f"Authorization header requires '{name}' parameter. Authorization={header}"
            return _refused(Reason.INCOMPLETE, message)
    date = request.headers.get("x-amz-date")
    if date is None:
        message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        return _refused(Reason.INCOMPLETE, f"{message} Authorization={header}")
    return _signature(request, fields["SignedHeaders"], fields["Signature"], date, None)


def _from_query(request: Request, query: Mapping[str, str]) -> Signature | Refused:
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"):
        if f"X-Amz-{name}" not in query:
            return _refused(Reason.INCOMPLETE, f"AWS query-string parameters must include 'X-Amz-{name}'.")
    expires = query["X-Amz-Expires"]
    if not (expires.isascii() and expires.isdigit() and 0 < len(expires) < 8 and int(expires) <= MAX_EXPIRES):
        return _refused(Reason.INCOMPLETE, "X-Amz-Expires must be between 0 and 604800 seconds.")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        message = f"Unsupported AWS 'algorithm': '{query['X-Amz-Algorithm']}'."
        return _refused(Reason.INCOMPLETE, message)
    signed, signature = query["X-Amz-SignedHeaders"], query["X-Amz-Signature"]
    return _signature(request, signed, signature, query["X-Amz-Date"], int(expires))


def _signature(request: Request, signed: str, signature: str, date: str, expires: int | None) -> Signature | Refused:
    credential = credential_of(request)
    if credential is None:
        return _refused(Reason.INCOMPLETE, "Credential must have exactly 5 slash-delimited elements.")
    names = tuple(signed.lower().split(";"))
    if "host" not in names:
        return _refused(
            Reason.INCOMPLETE,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        )
    return Signature(credential, names, signature, date, expires)


def _late(signature: Signature, now: datetime) -> Refused | None:
    try:
        signed = datetime.strptime(signature.date, DATE_FORM).replace(tzinfo=UTC)
    except ValueError:
        return _refused(Reason.INCOMPLETE, "Date must be in ISO-8601 'basic format'.")
    if signature.credential.date != signature.date[:8]:
        message = f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {signature.date}"
        return _refused(Reason.MISMATCH, message)
    now = now.astimezone(UTC)
    if signed > now + MAX_SKEW:
        return _refused(Reason.EXPIRED, f"Signature not yet current: {signature.date} is still later than {_at(now)}")
    good_for = MAX_SKEW if signature.expires is None else timedelta(seconds=signature.expires)
    if signed + good_for < now:
        return _refused(
            Reason.EXPIRED, f"Signature expired: {signature.date} is now earlier than {_at(now - good_for)}"
        )
    return None


def _at(moment: datetime) -> str:
    return moment.strftime(DATE_FORM)


def _payload_hash(request: Request, signature: Signature) -> str | None:
    """The payload hash that was signed; None when the body isn't the one of the header."""
    declared = request.headers.get("x-amz-content-sha256")
    if declared is not None and (declared == UNSIGNED_PAYLOAD or declared.startswith(STREAMING)):
        return declared
    if signature.expires is not None and signature.credential.service in ENCODED_ONCE and declared is None:
        return UNSIGNED_PAYLOAD
    actual = sha256_hex(request.body)
    return actual if declared is None or declared.lower() == actual else None


def _canonical_requests(request: Request, signature: Signature, payload: str) -> Iterator[str]:
    """The canonical request, and the forms that clients make of what is ambiguous on the wire.

    A query may have been signed as it was sent; two headers of one name are joined by "," when they are
    signed, and by ", " when a server merges them.
    """
    path = canonical_path(request.path, signature.credential.service)
    headers = _canonical_headers(request, signature)
    merged = [(name, value.replace(", ", ",")) for name, value in headers]
    queries = dict.fromkeys((canonical_query(request.query), _query_as_sent(request.query)))
    for variant in [headers] if merged == headers else [headers, merged]:
        for query in queries:
            yield canonical_request(request, path, query, variant, payload)


def canonical_path(path: str, service: str) -> str:
    """The path as it is signed: S3's encoded once, all others' normalised and encoded again."""
    if service in ENCODED_ONCE:
        return quote(unquote(path or "/", errors="surrogateescape"), safe=f"/{UNRESERVED}", errors="surrogateescape")
    normalised = posixpath.normpath(path or "/")
    normalised = "/" + normalised.lstrip("/")
    if path.endswith(("/", "/.", "/..")) and normalised != "/":
        normalised += "/"
    return quote(normalised, safe=f"/{UNRESERVED}")


def canonical_query(query: str) -> str:
    """Names and values decoded and encoded anew, sorted; the signature itself left out."""
    pairs = ((_encoded(unquote(name)), _encoded(unquote(value))) for name, value in _pairs(query))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _query_as_sent(query: str) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(_pairs(query)))


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for field in query.split("&"):
        name, _, value = field.partition("=")
        if field and name != "X-Amz-Signature":
            yield name, value


def _query_fields(query: str) -> dict[str, str]:
    parts = (field.partition("=") for field in query.split("&"))
    return {unquote(name): unquote(value) for name, _, value in parts}


def _canonical_headers(request: Request, signature: Signature) -> list[tuple[str, str]]:
    return [(name, " ".join(request.headers.get(name, "").split())) for name in sorted(signature.signed_headers)]


def _encoded(text: str) -> str:
    return quote(text, safe=UNRESERVED)

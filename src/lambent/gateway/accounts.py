"""Which account a request from inside an environment counts for.

The socket by which it comes says whose environment it is, so a key that only names an account is worth nothing there.
What counts is what counts on AWS: the environment's own key, any other that was issued (to another environment, by
STS) when the request is really signed with its secret, and a link that somebody outside presigned in this account.

Source of the refusals' texts: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs

from lambent.gateway import buckets, old_links, pages
from lambent.model.credentials import Held
from lambent.wire import sigv4
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.service import Service

FOR_FUNCTIONS = frozenset({"code", "credentials", "sns", "stacks"})
"""Lambent's own pages that are meant for functions: what GetFunction links to, the role's credentials,
the certificate of SNS, and what custom resources answer to."""
S3_UNKNOWN = "The AWS Access Key Id you provided does not exist in our records."
UNKNOWN = "The security token included in the request is invalid."
UNSIGNED = "Missing Authentication Token"
PLAIN = "test"
"""The key id, and the secret, that users of emulators have."""
ISSUED = re.compile("A[KS]IA[A-Z2-7]{16}")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"""


def names_account(key: str) -> bool:
    """Whether a key that was not issued here is an account's own, on this machine, in every mode."""
    return key == PLAIN or (len(key) == 12 and key.isascii() and key.isdigit())


def whose(
    request: Request,
    own: Held,
    key: str,
    held: Callable[[str], Held | None],
    account_of: Callable[[str], str],
    signed: bool = False,
) -> Held | None:
    """Whose `key` is when it comes from the environment that holds `own`; None when it is nobody's there. With `signed`
    a link counts by its signature alone."""
    if key == request.inside:
        return own
    known = held(key)
    if known is not None and is_signed(request, known.secret_key) and has_token(request, known.token):
        return known
    if not signed and pages.is_link(request) and account_of(key) == own.account:
        return Held("", own.account)
    return None


def is_signed(request: Request, secret: str) -> bool:
    """Whether the request's signature was made with `secret`, at whatever time the signer's clock said."""
    if old_links.is_link(request):
        return old_links.is_signed(request, secret, buckets.host(request))
    signature = sigv4.read_signature(request)
    if isinstance(signature, sigv4.Refused):
        return False
    try:
        signed_at = datetime.strptime(signature.date, sigv4.DATE_FORM).replace(tzinfo=UTC)
    except ValueError:
        return False
    return isinstance(sigv4.verify(request, lambda _key: secret, signed_at), sigv4.Verified)


def has_token(request: Request, token: str) -> bool:
    """Whether the request carries the session token that belongs to its key; keys that last have none ("")."""
    if not token:
        return True
    query = {name.lower(): values[0] for name, values in parse_qs(request.query).items()}
    sent = request.headers.get("x-amz-security-token") or query.get("x-amz-security-token", "")
    return hmac.compare_digest(sent.encode(), token.encode())


def may_be_unsigned(service: Service | None, request: Request) -> bool:
    """Whether AWS answers such a request without a signature: S3's, and the operations whose models say so."""
    if service is None:
        return False
    if service.name == "s3":
        return True
    try:
        operation = service.operation(service.route(request))
    except Fault:
        return False
    return operation.auth_type == "none" or "smithy.api#noAuth" in (operation.auth or ())


def unknown_key(service: Service | None) -> Fault:
    """The key is nobody's, as the service words it."""
    if service is not None and service.name == "s3":
        return Fault("InvalidAccessKeyId", S3_UNKNOWN, status=403)
    code = "InvalidClientTokenId" if _is_old(service) else "UnrecognizedClientException"
    return Fault(code, UNKNOWN, status=403)


def bad_token(service: Service | None) -> Fault:
    """The session token is not that of the key."""
    if service is not None and service.name == "s3":
        return Fault("InvalidToken", "The provided token is malformed or otherwise invalid.", status=400)
    return unknown_key(service)


def unsigned(service: Service | None) -> Fault:
    """The request has no signature, and needs one."""
    if _is_old(service):
        return Fault("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)
    return Fault("MissingAuthenticationTokenException", UNSIGNED, status=403)


def expired(service: Service | None) -> Fault:
    """The key's time is over."""
    if service is not None and service.name == "s3":
        return Fault("ExpiredToken", "The provided token has expired.", status=400)
    code = "ExpiredToken" if _is_old(service) else "ExpiredTokenException"
    return Fault(code, "The security token included in the request is expired", status=403)


def badly_signed(service: Service | None) -> Fault:
    """The signature was not made with the key's secret."""
    code = "SignatureDoesNotMatch" if _is_old(service) else "InvalidSignatureException"
    text = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )
    return Fault(code, text, status=403)


def bad_region(service: Service | None, region: str) -> Fault:
    """The credential scope names no region."""
    if service is not None and service.name == "s3":
        text = f"The authorization header is malformed; the region '{region[:80]}' is wrong; expecting 'us-east-1'"
        return Fault("AuthorizationHeaderMalformed", text, status=400)
    code = "SignatureDoesNotMatch" if _is_old(service) else "InvalidSignatureException"
    return Fault(code, "Credential should be scoped to a valid region.", status=403)


def _is_old(service: Service | None) -> bool:
    """Whether the service words its errors as the query protocol's do."""
    if service is None:
        return False
    return service.protocol in ("query", "rest-xml") or "awsQueryCompatible" in service.metadata

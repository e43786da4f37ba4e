"""Who signed a request to a site: checked where a site asks for signatures.

A key that was issued here (to an environment, by STS or IAM) has its own secret. Any other key names an account, and
its secret is `test`, or the key itself, as users of emulators have them: no more is known of it here. Where policies
are enforced, those count alone that `accounts.names_account` knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lambent.gateway import accounts
from lambent.model.credentials import Held, May, Signer, everybody_may
from lambent.wire import sigv4
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.locate import credential_of
from lambent.wire.site import SiteRequest

CODES = {
    sigv4.Reason.UNSIGNED: "MissingAuthenticationTokenException",
    sigv4.Reason.INCOMPLETE: "IncompleteSignatureException",
    sigv4.Reason.UNKNOWN_KEY: "UnrecognizedClientException",
    sigv4.Reason.EXPIRED: "InvalidSignatureException",
    sigv4.Reason.MISMATCH: "InvalidSignatureException",
    sigv4.Reason.PAYLOAD: "InvalidSignatureException",
}


@dataclass(frozen=True, slots=True)
class KnownSigners:
    """`held` answers whose a key is that was issued here, `account_of` the account that any other stands for; `now`
    seconds since 1970; `only` lets no other key count than those that were issued here;
    `strict` none that was not but for those that name an account; `may` tells what who signed may do."""

    held: Callable[[str], Held | None]
    account_of: Callable[[str], str]
    now: Callable[[], float]
    only: bool = False
    may: May = everybody_may
    strict: bool = False

    def __call__(self, request: SiteRequest, service: str) -> Signer:
        """Who signed it for that service (its signing name). Raises Fault (403)."""
        signed = Request(request.method, request.base + request.path, request.query, request.named, request.body)
        result: sigv4.Verified | sigv4.Refused = sigv4.Refused(sigv4.Reason.MISMATCH, sigv4.Reason.MISMATCH.value)
        for secret_of in (self._secret,) if self.only else (self._secret, _itself):
            result = sigv4.verify(signed, secret_of, datetime.fromtimestamp(self.now(), UTC))
            if isinstance(result, sigv4.Verified) or result.reason is not sigv4.Reason.MISMATCH:
                break
            credential = credential_of(signed)
            if credential is None or self.held(credential.access_key) is not None:
                break
        if isinstance(result, sigv4.Refused):
            raise Fault(CODES[result.reason], result.message, status=403)
        return self._signer(result, service, signed, bool(request.inside))

    def _signer(self, verified: sigv4.Verified, service: str, signed: Request, inside: bool) -> Signer:
        credential = verified.credential
        if credential.service != service:
            text = f"Credential should be scoped to correct service: '{service}'. "
            raise Fault("InvalidSignatureException", text, status=403)
        held = self.held(credential.access_key)
        if held is None and inside:
            raise Fault("UnrecognizedClientException", sigv4.Reason.UNKNOWN_KEY.value, status=403)
        if held is None:
            return Signer(credential.access_key, self.account_of(credential.access_key), "", credential.region)
        if held.expires is not None and held.expires <= self.now():
            raise accounts.expired(None)
        if not accounts.has_token(signed, held.token):
            raise accounts.bad_token(None)
        return Signer(credential.access_key, held.account, held.role, credential.region, held.session, held.user)

    def _secret(self, access_key: str) -> str | None:
        held = self.held(access_key)
        if held is not None:
            return None if held.inactive else held.secret_key
        unknown = self.only or (self.strict and not accounts.names_account(access_key))
        return None if unknown else accounts.PLAIN


def _itself(access_key: str) -> str:
    return access_key

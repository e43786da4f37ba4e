"""An endpoint that other machines reach (the setting `host`): who asks has signed with a key that was issued here.

What stands before the chain then: a request of an API of AWS is verified as AWS does, its time included, whatever
account its key names; Lambent's own pages are for this machine alone, but for those that functions are given links to.
What has a host name of its own (function URLs, APIs, load balancers) and the registry of images ask by their own rules.
What the process asks itself does not come this way, and what comes by an environment's socket is told from others by
that.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lambent.gateway import accounts, old_links, pages, post_forms, scraping
from lambent.gateway.chain import PAGES, SPANS, Gateway, form_of, load, refuse
from lambent.model.credentials import Held
from lambent.wire import locate, sigv4
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.service import Service

CODES = {
    sigv4.Reason.UNSIGNED: accounts.unsigned,
    sigv4.Reason.UNKNOWN_KEY: accounts.unknown_key,
}


@dataclass(frozen=True, slots=True)
class Reached:
    """The gateway, as the network finds it. `held` answers whose a key is that was issued here; `now` is the machine's
    time (seconds since 1970), by which clients sign."""

    gateway: Gateway
    held: Callable[[str], Held | None]
    now: Callable[[], float]

    async def __call__(self, request: Request) -> Response:
        registry = self.gateway.registry
        own = registry is not None and registry.takes(request)
        if request.inside or own or self.gateway.sites.find(request) is not None:
            return await self.gateway(request)
        try:
            await self._check(request)
        except Fault as fault:
            return refuse(self.gateway, request, fault)
        return await self.gateway(request)

    async def _check(self, request: Request) -> None:
        """Raises Fault for who may not ask."""
        if pages.is_operators(request.path) or scraping.is_scrape(request):
            if not (_is_here(request) or _is_link(request.path)):
                raise Fault("AccessDeniedException", "This page is for the server's own machine.", status=403)
            return
        service = form_of(self.gateway, request)
        if request.path == SPANS and "authorization" not in request.headers:  # spans say themselves whose they are
            raise accounts.unsigned(service)
        credential = locate.credential_of(request)
        if credential is None:
            if not _may_be_unsigned(service, request):
                raise accounts.unsigned(service)
            return
        known = self.held(credential.access_key)
        if known is None:
            raise accounts.unknown_key(service)
        await load(request)
        if old_links.is_link(request):  # how long it is good, and that it is S3's, is looked at later
            if not accounts.is_signed(request, known.secret_key):
                raise accounts.badly_signed(service)
        else:
            self._verify(request, service, known)
        if not accounts.has_token(request, known.token):
            raise accounts.bad_token(service)

    def _verify(self, request: Request, service: Service | None, known: Held) -> None:
        verified = sigv4.verify(request, lambda _key: known.secret_key, datetime.fromtimestamp(self.now(), UTC))
        if isinstance(verified, sigv4.Refused):
            raise CODES.get(verified.reason, accounts.badly_signed)(service)


def _may_be_unsigned(service: Service | None, request: Request) -> bool:
    """Forms are signed within, which is looked at when they are read; else as AWS's models say."""
    if service is not None and service.name == "s3":
        return request.method == "POST" and request.headers.get("content-type", "").lower().startswith(post_forms.TYPE)
    return accounts.may_be_unsigned(service, request)


def _is_here(request: Request) -> bool:
    """Whether it comes from this machine."""
    try:
        return request.client is not None and ipaddress.ip_address(request.client.address).is_loopback
    except ValueError:
        return False


def _is_link(path: str) -> bool:
    """Whether it is a page to which a link is given, that says itself what it is good for."""
    return path.removeprefix(PAGES).partition("/")[0] in accounts.FOR_FUNCTIONS

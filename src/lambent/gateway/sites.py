"""What the user's functions serve under host names of their own: function URLs, APIs, load balancers.

A door to functions (API Gateway, say) registers itself where `server/services.py` makes the `Sites`:

    sites.add("execute-api", serve)       # serve(SiteRequest) -> Response | None, `wire/site.py`
    sites.add_names(find, account)        # find(name) -> Site | None, for domain names of the user's, and whose it is
    sites.add_known("execute-api", knows) # knows(Site) -> bool: whether there is such a site

`serve` answers None when it has no site of that id, and the next one that was added to that kind is asked; when none
has it, the client gets what AWS answers for an id that nobody has. A `Fault` that it raises is answered in its JSON
form, anything else is ours (500). The body of a Response may be an iterator, whose parts leave as they come; when the
client goes away, the task is cancelled, or the iterator closed. A Response with status 101 and a `takeover` gives the
connection away (`SiteRequest.upgrade`): that is not cancelled when the client goes, `Stream.read` answers b"".

Who asks by a host name that leads here needs no path; for clients that can't resolve `*.localhost` there are paths on
the endpoint's own names: `/_aws/KIND/ID/...` is `/...` at that site, and `/restapis/ID/STAGE/_user_request_/...` is
`/STAGE/...` of an API, as users of LocalStack know it.

Pages of any origin reach sites, as on AWS: CORS is a site's own business, as who may ask it is.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from lambent.gateway import hosts
from lambent.gateway.hosts import Site
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.site import LOADED_BYTES, Serve, SiteRequest

API, URL, BALANCER = "execute-api", "lambda-url", "elb"
KINDS: Mapping[str, str] = {API: "API Gateway's APIs", URL: "function URLs", BALANCER: "load balancers"}
FORBIDDEN = {API: b'{"message":"Forbidden"}', URL: b'{"Message":"Forbidden"}', BALANCER: b""}
"""What an id that nobody has is answered with, and the status 403."""

LOOPBACK = "127.0.0.1"
"""The endpoint as environments have it."""
AWS_ENDINGS = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws")
"""Of the names that AWS gives to sites."""
_PATH = re.compile(r"(/_aws/(execute-api|lambda-url|elb)/([A-Za-z0-9-]+))(/.*)?")
_REST_PATH = re.compile(r"(/restapis/([a-z0-9]+)/([A-Za-z0-9_-]+|%24default|\$default)/_user_request_)(/.*)?")

Take = Callable[[SiteRequest, Callable[[Response], None]], bool]
"""Takes a request to a site, and answers later; or takes it not."""
NameFinder = Callable[[str], Site | None]
Account = Callable[[str], str | None]
"""Whose a domain name is, if it is anybody's."""


class Sites:
    """The doors by kind."""

    def __init__(self, is_own: Callable[[str], bool] = lambda _name: False) -> None:
        """`is_own`: whether a name is the platform's, which no domain name of anybody's takes its requests from."""
        self.is_own = is_own
        self._doors: dict[str, list[Serve]] = {}
        self._finders: list[NameFinder] = []
        self._accounts: list[Account] = []
        self._known: list[tuple[str, Callable[[Site], bool]]] = []
        self.at_once: Take = lambda _request, _respond: False
        """The door of function URLs for requests that it can answer without a task."""

    def add(self, kind: str, serve: Serve) -> None:
        """One more door that answers for sites of a kind."""
        self._doors.setdefault(kind, []).append(serve)

    def add_names(self, find: NameFinder, account: Account) -> None:
        """One more that knows domain names of the user's (in lower case, without a port)."""
        self._finders.append(find)
        self._accounts.append(account)

    def add_known(self, kind: str, knows: Callable[[Site], bool]) -> None:
        """One more that tells of sites of a kind whether they are there."""
        self._known.append((kind, knows))

    def leads(self, name: str, account: str) -> bool:
        """Whether a host name, in lower case, is that of a site which is there, or one of this machine's own: what
        environments of `account` find at their loopback address. AWS's other names are not, nor are domain names of
        other accounts: nobody has verified whose they are in the DNS, as AWS does by a certificate."""
        if name.endswith((".localhost", LOOPBACK)):  # SDKs put words before it: sync-127.0.0.1
            return True
        site = self.named(name)
        if site is None:
            return False
        if hosts.site_of(name) is None:  # a domain name of the user's
            return account in (find(name) for find in self._accounts)
        return name.endswith(AWS_ENDINGS) and any(kind == site.kind and knows(site) for kind, knows in self._known)

    def is_users(self, name: str) -> bool:
        """Whether a name that leads here is a domain name that the user made, which the DNS may know otherwise."""
        return not name.endswith((".localhost", LOOPBACK)) and hosts.site_of(name) is None

    def named(self, host: str | None) -> Site | None:
        """The site of a Host header, by AWS's form or because the user gave it that name."""
        found = hosts.site_of(host)
        if found is not None or not self._finders:
            return found
        name = hosts.name_of(host or "")
        if not name or self.is_own(name):
            return None
        return next((site for find in self._finders if (site := find(name))), None)

    def find(self, request: Request) -> tuple[Site, str, str] | None:
        """The site that a request is for, the path there and what of the path came before it."""
        site = self.named(request.headers.get("host"))
        if site is not None:
            return site, request.path, ""
        found = _PATH.fullmatch(request.path)
        if found:
            return Site(found[2], found[3].lower(), ""), found[4] or "/", found[1]
        found = _REST_PATH.fullmatch(request.path)
        if found:
            return Site(API, found[2], ""), f"/{unquote(found[3])}{found[4] or '/'}", found[1]
        return None

    async def serve(self, request: SiteRequest) -> Response:
        """Ask the doors of that kind. Raises Fault where there is none, and what they raise."""
        doors = self._doors.get(request.kind)
        if doors is None:
            raise Fault("NotImplementedException", f"Lambent does not serve {KINDS[request.kind]} yet.", status=501)
        for serve in doors:
            response = await serve(request)
            if response is not None:
                return response
        return Response(403, [("Content-Type", "application/json")], FORBIDDEN[request.kind])


def loads(request: Request) -> bool:
    """Whether the body is brought into memory."""
    return request.file is not None and _length(request) <= LOADED_BYTES


def asked(request: Request, place: tuple[Site, str, str], request_id: str) -> SiteRequest:
    """The request as a door sees it."""
    (kind, identifier, region), path, base = place
    client, length = request.client, _length(request)
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.lines]
    return SiteRequest(
        kind,
        identifier,
        region,
        request.method,
        path,
        request.query,
        lines or list(request.headers.items()),
        request.body,
        request.headers.get("host", ""),
        request_id,
        length,
        (client.address if client is not None else "") or "127.0.0.1",
        client.scheme if client is not None else "http",
        base,
        request.inside,
        request.headers.get("upgrade", "").lower() == "websocket",
        request.headers,
    )


def _length(request: Request) -> int:
    if request.file is None:
        return len(request.body)
    at = request.file.tell()
    length = request.file.seek(0, 2)
    request.file.seek(at)
    return length

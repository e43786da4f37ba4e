"""Who may ask at all: nothing that comes by a foreign name, no page of the web that nobody allowed.

What is excepted is so by what it is: an upload to or a download from a bucket, when the bucket's own CORS configuration
says so, and a presigned link that a user follows. All else that a page sends needs the setting `origins`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from lambent.gateway import cors, pages
from lambent.gateway.hosts import Hosts
from lambent.wire.fault import Fault
from lambent.wire.http import Request

RulesOf = Callable[[Request, str], Awaitable[Sequence[cors.Rule]]]
"""The CORS rules of a bucket, by its name; the request says in whose account. Raises Fault."""
S3_REFUSES = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)
"""Word for word, as AWS sends it."""
_SHOWN = 200


async def no_rules(_request: Request, _bucket: str) -> Sequence[cors.Rule]:
    """Where there are no buckets."""
    return ()


@dataclass(frozen=True, slots=True)
class Guard:
    """`origins` are the pages that may ask for anything, as `http://localhost:3000`."""

    hosts: Hosts = field(default_factory=Hosts)
    origins: frozenset[str] = frozenset()
    rules_of: RulesOf = no_rules

    def check_host(self, host: str | None) -> None:
        """Raises Fault (403) for a Host header that is none of the platform's names."""
        if not self.hosts.is_own(host):
            text = f"Lambent is not {host[:_SHOWN] if host else 'nobody'}: list the name in the setting host_names."
            raise Fault("AccessDeniedException", text, status=403)

    async def admit(self, request: Request, service_of: Callable[[Request], str]) -> cors.Headers:
        """What the browser is told of a request from a page. Raises Fault (403) when the page may not ask.

        `service_of` says who will answer the request, and is asked only of what may be for S3.
        """
        origin, bucket = request.headers.get("origin"), pages.bucket_of(request)
        if bucket is not None and service_of(request) != "s3":
            bucket = None
        if origin is None:
            if bucket is not None and request.method in ("GET", "HEAD") and pages.is_link(request):
                return []
            raise _refused("A page of another site")
        rule = await self._rule(request, origin, bucket)
        if rule is not None:
            return cors.told(rule, request.headers)
        if bucket is not None:
            raise Fault("AccessForbidden", S3_REFUSES, status=403)
        raise _refused(f"A page of {origin[:_SHOWN]}")

    async def _rule(self, request: Request, origin: str, bucket: str | None) -> cors.Rule | None:
        if origin in self.origins:
            return cors.listed(origin)
        if bucket is None:
            return None
        method, headers = cors.wanted(request.headers, request.method)
        rules = await self.rules_of(request, bucket)
        return next((rule for rule in rules if rule.admits(origin, method, headers)), None)


def _refused(who: str) -> Fault:
    text = f"{who} asks, and Lambent answers no page that it was not told of: list its origin in the setting origins."
    return Fault("AccessDeniedException", text, status=403)

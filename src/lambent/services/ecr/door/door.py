"""Who asks the registry, for what, and who answers it.

A request is the registry's by its host name (`ACCOUNT.dkr.ecr.REGION.…`), or by its path where it is not signed as
those of AWS's API are: API Gateway has paths below /v2, too. Who asks shows a password of GetAuthorizationToken, and
may do what the key may that asked for it; no page of the web has one. A link of GetDownloadUrlForLayer proves itself.
"""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.services.ecr.door import blobs, manifests
from lambent.services.ecr.door.registry_request import HOST, Refused, RegistryRequest, refused
from lambent.services.ecr.env import EcrEnv
from lambent.services.ecr.registry import USER
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

Answer = Callable[[RegistryRequest], Awaitable[Response]]

_NAME = r"(?P<name>[a-z0-9][a-z0-9._/-]{0,255})"
_ID = r"(?P<reference>[0-9a-f-]{36})"
_REFERENCE = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._:-]{0,299})"
ROUTES: Sequence[tuple[str, re.Pattern[str], Answer]] = tuple(
    (methods, re.compile(pattern), answer)
    for methods, pattern, answer in (
        ("GET HEAD", r"/v2/?", manifests.version),
        ("GET", r"/v2/_catalog", manifests.catalog),
        ("POST", rf"/v2/{_NAME}/blobs/uploads/?", blobs.begin),
        ("PATCH", rf"/v2/{_NAME}/blobs/uploads/{_ID}", blobs.go_on),
        ("PUT", rf"/v2/{_NAME}/blobs/uploads/{_ID}", blobs.finish),
        ("GET", rf"/v2/{_NAME}/blobs/uploads/{_ID}", blobs.status),
        ("DELETE", rf"/v2/{_NAME}/blobs/uploads/{_ID}", blobs.cancel),
        ("GET HEAD", rf"/v2/{_NAME}/blobs/{_REFERENCE}", blobs.read),
        ("GET HEAD", rf"/v2/{_NAME}/manifests/{_REFERENCE}", manifests.read),
        ("PUT", rf"/v2/{_NAME}/manifests/{_REFERENCE}", manifests.put),
        ("DELETE", rf"/v2/{_NAME}/manifests/{_REFERENCE}", manifests.delete),
        ("GET", rf"/v2/{_NAME}/tags/list", manifests.tags),
        ("GET", rf"/v2/{_NAME}/referrers/{_REFERENCE}", manifests.referrers),
    )
)
_OWN = re.compile(r"/v2/?|/v2/_catalog|/v2/.+/(?:blobs|manifests|referrers)/.+|/v2/.+/tags/list")
SIGNED = "AWS4-"


@dataclass(frozen=True, slots=True)
class Registry:
    """`held` answers whose an access key is when it was issued here; `new_id` makes request ids."""

    env: EcrEnv
    held: Callable[[str], Held | None]
    new_id: Callable[[], str]

    def takes(self, request: Request) -> bool:
        """Whether a request is for the registry."""
        return request.path.startswith("/v2") and (_host(request) is not None or _is_by_path(request))

    async def __call__(self, request: Request) -> Response:
        """The answer; what is wrong with the request is one, too."""
        try:
            return await self._answer(request)
        except Refused as error:
            return error.response()
        except Fault as fault:
            return refused(fault).response()

    async def _answer(self, request: Request) -> Response:
        found = [(methods, match, answer) for methods, pattern, answer in ROUTES
                 if (match := pattern.fullmatch(request.path))]  # fmt: skip
        named = found[0][1].groupdict() if found else {}
        link = await self._link(request, named)
        if link is not None:
            return link
        caller = self._caller(request)
        for methods, match, answer in found:
            if request.method in methods.split():
                said = match.groupdict()
                return await answer(
                    RegistryRequest(self.env, request, caller, said.get("name", ""), said.get("reference", ""))
                )
        raise Refused(405 if found else 404, "UNSUPPORTED", "the registry has nothing of that kind")

    async def _link(self, request: Request, named: dict[str, str]) -> Response | None:
        """The blob that a link of GetDownloadUrlForLayer is for; None where the request is no such link."""
        token = request.query.partition("token=")[2] if "authorization" not in request.headers else ""
        said = (self.env.tokens.read(token) or {}).get("link") if token else None
        if not said or request.method not in ("GET", "HEAD"):
            return None
        if (said["repository"], said["digest"]) != (named.get("name"), named.get("reference")):
            return None
        caller = Caller(Scope(said["account"], said["region"]), self.new_id())
        return blobs.blob(RegistryRequest(self.env, request, caller, said["repository"], said["digest"]))

    def _caller(self, request: Request) -> Caller:
        """Who shows that password. Raises Refused."""
        said = self.env.tokens.read(_password(request))
        if said is None or "key" not in said:
            raise _unauthorized(self.env, request)
        held = self.held(said["key"] or "") if said["held"] else None
        if said["held"] and (held is None or held.inactive or self._is_over(held)):
            raise _unauthorized(self.env, request)
        scope = Scope(said["account"], said["region"])
        if _host(request) not in (None, scope):
            raise Refused(403, "DENIED", f"the password is for the registry of {scope.account} in {scope.region}")
        return Caller(scope, self.new_id(), said["key"], role=held.role if held else "", held=held)

    def _is_over(self, held: Held) -> bool:
        return held.expires is not None and held.expires <= self.env.wall()


def _is_by_path(request: Request) -> bool:
    signed = request.headers.get("authorization", "").startswith(SIGNED) or "X-Amz-Signature=" in request.query
    return not signed and _OWN.fullmatch(request.path) is not None


def _host(request: Request) -> Scope | None:
    """The registry that a host name says."""
    found = HOST.fullmatch(request.headers.get("host", "").lower())
    return Scope(found[1], found[2]) if found else None


def _password(request: Request) -> str:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password if user == USER else ""


def _unauthorized(env: EcrEnv, request: Request) -> Refused:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html#registry_auth_http"""
    host = request.headers.get("host") or env.host
    challenge = ("WWW-Authenticate", f'Basic realm="http://{host}/",service="ecr.amazonaws.com"')
    return Refused(401, "UNAUTHORIZED", "Log in with the password of GetAuthorizationToken.", (challenge,))

"""A request to the registry, and what it is refused with.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md (errors: "Error Codes")
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

import orjson

from lambent.model.scope import Caller, Scope
from lambent.services.ecr.env import EcrEnv
from lambent.store.resources import Resource
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

VERSION = ("Docker-Distribution-API-Version", "registry/2.0")
HOST = re.compile(r"([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\..+")
"""The host names of registries: of an account, in a region."""
CODES: Mapping[str, tuple[int, str]] = {
    "RepositoryNotFoundException": (404, "NAME_UNKNOWN"),
    "ImageNotFoundException": (404, "MANIFEST_UNKNOWN"),
    "UploadNotFoundException": (404, "BLOB_UPLOAD_UNKNOWN"),
    "LayersNotFoundException": (400, "MANIFEST_BLOB_UNKNOWN"),
    "ReferencedImagesNotFoundException": (400, "MANIFEST_BLOB_UNKNOWN"),
    "InvalidParameterException": (400, "MANIFEST_INVALID"),
    "ImageTagAlreadyExistsException": (400, "TAG_INVALID"),
    "LimitExceededException": (429, "TOOMANYREQUESTS"),
    "AccessDeniedException": (403, "DENIED"),
    "NotImplementedException": (405, "UNSUPPORTED"),
}
"""What a fault of the operations is here."""


class Refused(Exception):
    """An answer with an error in it."""

    def __init__(self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def response(self) -> Response:
        """In the form of the specification."""
        body = orjson.dumps({"errors": [{"code": self.code, "message": self.message}]})
        return Response(self.status, [VERSION, ("Content-Type", "application/json"), *self.headers], body)


def refused(fault: Fault) -> Refused:
    """A fault of ECR's operations in the registry's words."""
    status, code = CODES.get(fault.code, (fault.status or 400, "DENIED"))
    return Refused(status, code, fault.message or "")


@dataclass(slots=True)
class RegistryRequest:
    """A request for something of the repository `name`; `reference` is a digest, tag or upload's id."""

    env: EcrEnv
    request: Request
    caller: Caller
    name: str
    reference: str

    @property
    def scope(self) -> Scope:
        """Whose registry."""
        return self.caller.scope

    def repository(self) -> Resource:
        """The one that is asked for. Raises Fault."""
        return self.env.named(self.scope, self.name)

    def said(self, key: str) -> str:
        """A parameter of the query, "" for none."""
        return parse_qs(self.request.query, keep_blank_values=True).get(key, [""])[0]

    async def may(self, operation: str, name: str = "") -> None:
        """Whether the caller may do what an operation of ECR's API does. Raises Fault."""
        await self.env.may(self.caller, operation, {"repositoryName": name or self.name})


def page(asked: RegistryRequest, found: list[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """What `n` and `last` leave of a sorted list, with the link to what follows. Raises Refused."""
    count, last = asked.said("n") or "1000", asked.said("last")
    if not count.isdecimal() or len(count) > 6:
        raise Refused(400, "PAGINATION_NUMBER_INVALID", "n is no number")
    left = [one for one in found if one > last]
    most = min(int(count), 1000)
    if len(left) <= most or not most:
        return left[:most], ()
    return left[:most], (("Link", f'<{asked.request.path}?n={most}&last={left[most - 1]}>; rel="next"'),)

"""Where each service that is not answered here is to be found, and how it is spoken to there."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambent.model.scope import DEFAULT_REGION
from lambent.neighbour import kept
from lambent.neighbour.request_model import Asked
from lambent.neighbour.unreached import SENDERS, targets_named
from lambent.wire import locate
from lambent.wire.fault import Fault
from lambent.wire.http import Request

DEFAULT = "default"
"""The name of the endpoint that answers in moto's place."""
TELLING = SENDERS | {"stepfunctions", "config", "ses", "cognito-idp"}
"""Services that call functions and send to queues on AWS: the endpoint's call its own."""
_REPLACED = frozenset({"authorization", "host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"})


@dataclass(frozen=True, slots=True)
class Keys:
    """What requests to endpoints are signed with, in place of their callers' own."""

    access_key: str
    secret_key: str


class Endpoints:
    """Service names (as botocore's) and the URLs that the settings give them; all others are the default's, or moto's.

    `ca` is a file with authorities that may vouch for endpoints, beside this machine's own.
    """

    def __init__(self, urls: Mapping[str, str], ca: Path | None = None, keys: Keys | None = None) -> None:
        self._urls = {service: url.rstrip("/") for service, url in urls.items()}
        self._ca = ca
        self._keys = keys

    @property
    def instead_of_moto(self) -> bool:
        """Whether nothing is asked of moto."""
        return DEFAULT in self._urls

    def choose(self, service: str) -> str | None:
        """The URL without a trailing slash; None for moto."""
        return self._urls.get(service) or self._urls.get(DEFAULT)

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Who may vouch for an endpoint. Raises OSError for a file that can't be used."""
        context = ssl.create_default_context()
        if self._ca is not None:
            context.load_verify_locations(self._ca)
        return context

    def refuse(self, asked: Asked) -> None:
        """Raises Fault NotImplementedException (501) for what the default would tell its own functions of."""
        if asked.service in self._urls or not self.instead_of_moto or asked.reads:
            return
        kept.refuse(asked)
        named = targets_named(asked.service, asked.request, TELLING)
        if named:
            text = f"Lambent does not pass {asked.service}:{asked.operation} on: {self._urls[DEFAULT]} would send to "
            raise Fault("NotImplementedException", f"{text}its own {named[0]}, not to the one here.", status=501)

    def headers(self, service: str, request: Request, url: str, passed: dict[str, str]) -> dict[str, str]:
        """The headers that go there: signed with our keys if there are some, and as they came if not. What is signed in
        its query stays as it is, and S3's, whose bodies may be signed in pieces."""
        if self._keys is None or service == "s3" or "X-Amz-Signature=" in request.query:
            return passed
        credential = locate.credential_of(request)
        region = credential.region if credential is not None and credential.region else DEFAULT_REGION
        name = credential.service if credential is not None and credential.service else service
        kept_headers = {key: value for key, value in passed.items() if key not in _REPLACED}
        signed = AWSRequest(request.method, url, kept_headers, request.file or request.body)
        SigV4Auth(Credentials(self._keys.access_key, self._keys.secret_key), name, region).add_auth(signed)
        return dict(signed.headers.items())

"""Which certificate a stage's backends are shown.

https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-client-side-ssl-authentication.html
"""

from collections.abc import Mapping
from typing import Any

from lambent.model.api_kinds import CLIENT_CERTIFICATE
from lambent.model.backend_tls import USUAL, BackendTls
from lambent.model.scope import Scope
from lambent.store.resources import Resources


def tls_of(resources: Resources, scope: Scope, certificate: object, config: Mapping[str, Any] | None) -> BackendTls:
    """For the id of a client certificate (None: none) and an integration's `tlsConfig`."""
    verified = not (config or {}).get("insecureSkipVerification")
    found = resources.get(CLIENT_CERTIFICATE, scope, "", str(certificate)) if certificate else None
    if found is None:
        return USUAL if verified else BackendTls(verified=False)
    return BackendTls(found.document["pemEncodedCertificate"], found.document["key"], verified)

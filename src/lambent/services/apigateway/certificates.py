"""Client certificates: a real one each, which the backends of a stage that has it are shown.

https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-client-side-ssl-authentication.html: RSA of
2048 bits, good for 365 days.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from lambent.model import api_kinds
from lambent.model.scope import Caller
from lambent.services.apigateway import faults
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import CLIENT_CERTIFICATE, STAGE
from lambent.services.apigateway.tabled import Operation, shown

DAYS = 365


async def generate(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A new certificate; its key stays here."""
    now = int(env.wall())
    name = env.new_name(CLIENT_CERTIFICATE, caller.scope, "")
    document: Document = {
        "clientCertificateId": name,
        "createdDate": now,
        "expirationDate": now + DAYS * 86_400,
        **await asyncio.to_thread(certificate, now),
    }
    document |= {member: params[member] for member in ("description", "tags") if params.get(member)}
    await env.insert(CLIENT_CERTIFICATE, caller.scope, "", name, document)
    return shown(env, CLIENT_CERTIFICATE, document)


def certificate(now: int) -> Document:
    """PEM of a certificate and of its key."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, "Seattle"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "Washington"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        ]
    )
    begins = datetime.fromtimestamp(now, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=DAYS))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    return {
        "pemEncodedCertificate": made.public_bytes(serialization.Encoding.PEM).decode(),
        "key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
        ).decode(),
    }  # fmt: skip


async def delete(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A certificate that no stage has."""
    certificate = env.asked(CLIENT_CERTIFICATE, caller.scope, params)
    for kind, member in ((STAGE.stored, "clientCertificateId"), (api_kinds.STAGE, "ClientCertificateId")):
        for stage in env.resources.all(kind, caller.scope):
            if stage.document.get(member) == certificate.name:
                raise faults.bad_request(f"Client certificate {certificate.name} is in use by stage {stage.name}")
    await env.resources.discard(certificate)
    return {}


OPERATIONS: dict[str, Operation] = {"GenerateClientCertificate": generate, "DeleteClientCertificate": delete}

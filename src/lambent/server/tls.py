"""HTTPS on this machine: an authority of this data folder's own, and certificates for the names that are asked for.

The authority is good for loopback names alone (a name constraint, RFC 5280, section 4.2.1.10): who trusts it trusts
nothing else by it, even if somebody takes its key. The key never leaves the data folder. Environments trust another
one, which is made anew with each server and whose key is in its memory alone: what AWS calls an API or a function URL
leads there to this endpoint, so it is good for those names too.
"""

import datetime
import ipaddress
import os
import ssl
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lambent.gateway.sites import AWS_ENDINGS

LOOPBACK = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
AUTHORITY_DAYS, LEAF_DAYS = 3650, 397
"""Browsers take no certificate that is good for more than 398 days."""
REMEMBERED = 256
PERMITTED = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
    x509.IPAddress(ipaddress.ip_network("::1/128")),
)
LOCAL = (".localhost",)


class Authority:
    """The authority in a folder, which is made when it is not there. Raises OSError, ValueError."""

    endings: tuple[str, ...] = LOCAL
    """Of the names that it vouches for, beside those that it was given."""

    def __init__(self, folder: Path, names: Iterable[str] = ()) -> None:
        """`names` are further names of this endpoint's, which clients may ask for."""
        self.path = folder / "ca.pem"
        self._folder = folder
        self._names = frozenset(name for name in names if not name.startswith("*"))
        folder.mkdir(mode=0o700, exist_ok=True)
        self._key, self._certificate = self._own()

    @property
    def pem(self) -> str:
        """The certificate that is to be trusted."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _own(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        if not self.path.exists():
            key, made = self._make()
            _write(self._folder / "ca.key", _private(key))
            self.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        kept = serialization.load_pem_private_key((self._folder / "ca.key").read_bytes(), None)
        assert isinstance(kept, ec.EllipticCurvePrivateKey)
        return kept, x509.load_pem_x509_certificate(self.path.read_bytes())

    def _make(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key, name = ec.generate_private_key(ec.SECP256R1()), _named("Lambent on this machine")
        more = [*sorted(self._names), *(ending[1:] for ending in self.endings)]
        permitted = [*PERMITTED, *(x509.DNSName(name) for name in more)]
        builder = _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return key, builder.add_extension(identifier, critical=False).sign(key, hashes.SHA256())

    def context(self) -> ssl.SSLContext:
        """What a listening socket speaks TLS with: a certificate for whatever own name a client asks for."""
        contexts: dict[str, ssl.SSLContext] = {}
        default = self._context("localhost")

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _given: ssl.SSLContext) -> None:
            name = (name or "localhost").lower()
            if not (name.endswith(self.endings) or name in self._names):
                return
            if name not in contexts and len(contexts) < REMEMBERED:
                contexts[name] = self._context(name)
            connection.context = contexts.get(name, default)

        default.sni_callback = choose
        return default

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        leaf = self._folder / f"leaf-{os.getpid()}.pem"
        _write(leaf, self._leaf(name))
        try:
            context.load_cert_chain(leaf)
        finally:
            leaf.unlink()
        return context

    def _leaf(self, name: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), *(x509.IPAddress(address) for address in LOOPBACK)]
        builder = _builder(_named("Lambent"), self._certificate.subject, key.public_key(), LEAF_DAYS)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs=False), critical=True)
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(server, critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = builder.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())
        return _private(key) + made.public_bytes(serialization.Encoding.PEM)


class Inside(Authority):
    """What environments trust."""

    endings = (*LOCAL, *AWS_ENDINGS)

    def _own(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        return self._make()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=days)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not signs, False, False, False, False, signs, signs, False, False)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """For this user alone from the first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)

"""Signatures of messages, and the certificate that subscribers check them by.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html (what is signed, in what order;
version 1 is SHA1withRSA, version 2 SHA256withRSA).
"""

import base64
import datetime
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HASHES: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
DAYS = 3_650


@dataclass(frozen=True, slots=True)
class Keys:
    """A key, and its certificate: as PEM, and by its name in the form of AWS's."""

    private: rsa.RSAPrivateKey
    certificate: bytes
    name: str


class Signer:
    """Signs with the key in `file`. What is there is read at once; else one is made when the first message wants it:
    that takes a tenth of a second, and most servers send none. Raises OSError, ValueError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys = _read(file) if file.exists() else None

    @property
    def made(self) -> Keys | None:
        """What there is."""
        return self._keys

    @property
    def keys(self) -> Keys:
        """What there is, or is made now. Raises OSError."""
        if self._keys is None:
            _make(self._file)
            self._keys = _read(self._file)
        return self._keys

    def sign(self, message: Mapping[str, str], version: str) -> str:
        """The signature of an envelope, in Base64."""
        names = SIGNED[message["Type"]]
        said = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
        made = self.keys.private.sign(said.encode("utf-8", "surrogatepass"), padding.PKCS1v15(), HASHES[version])
        return base64.b64encode(made).decode("ascii")


def _read(file: Path) -> Keys:
    found = file.read_bytes()
    key = serialization.load_pem_private_key(found, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    certificate = x509.load_pem_x509_certificate(found[found.index(b"-----BEGIN CERTIFICATE") :])
    unique = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()[:32]
    return Keys(key, certificate.public_bytes(serialization.Encoding.PEM), f"SimpleNotificationService-{unique}.pem")


def _make(file: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    beside = file.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(pem + made.public_bytes(serialization.Encoding.PEM))
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)

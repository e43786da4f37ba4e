"""How an API speaks TLS with a server on the web that it asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackendTls:
    """`certificate` and `key` are PEM of what the API shows of itself, "" for nothing; `verified` is whether the
    server's certificate has to be signed by an authority that this machine trusts."""

    certificate: str = ""
    key: str = ""
    verified: bool = True


USUAL = BackendTls()

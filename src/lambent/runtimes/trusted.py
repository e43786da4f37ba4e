"""The endpoint's certificate authority as functions trust it, beside those that they trust anyway.

CloudFormation's response URLs are HTTPS on AWS, and much code of custom resources speaks nothing else (CDK's own in
Node.js, crhelper, cfn-response). Python is shown it by SSL_CERT_DIR (SSL_CTX_load_verify_locations(3)), Node.js by
NODE_EXTRA_CA_CERTS (https://nodejs.org/api/cli.html#node_extra_ca_certsfile); the function sees neither variable.
"""

FOLDER = "/var/lambent-trust"
"""Where a sandbox shows it; `lambent_bootstrap.py` looks there."""
FILE = f"{FOLDER}/9392dba5.0"
"""Named after the hash of its subject (openssl-rehash(1)), which is the same for all of them."""


def files(certificate: str) -> tuple[tuple[str, str], ...]:
    """What a sandbox shows: a certificate as PEM, if there is one."""
    return ((FILE, certificate),) if certificate else ()

"""Who signed a request to a site, with botocore as the one who signs."""

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambent.gateway.signers import KnownSigners
from lambent.model.credentials import Held
from lambent.wire.fault import Fault
from lambent.wire.site import SiteRequest

HOST = "u1.lambda-url.us-east-1.localhost:4566"
ISSUED = Held("hidden", "111111111111", "arn:aws:iam::111111111111:role/path/r")
SIGNERS = KnownSigners(
    {"ASIA": ISSUED}.get, lambda key: key if key.isdigit() else "000000000000", lambda: datetime.now(UTC).timestamp()
)


def signed(
    key: str,
    secret: str,
    by: type[SigV4Auth] = SigV4Auth,
    service: str = "lambda",
    base: str = "",
    body: bytes = b"body",
) -> SiteRequest:
    method = "POST" if body else "GET"
    request = AWSRequest(method, f"http://{HOST}{base}/a%20b?y=2&x=1%2F", data=body, headers={"Host": HOST})
    by(Credentials(key, secret), service, "us-east-1").add_auth(request)
    lines = [(name, str(value)) for name, value in request.headers.items()]
    query = str(request.url).partition("?")[2]
    site = SiteRequest("lambda-url", "u1", "us-east-1", method, "/a%20b", query, lines, body, HOST, "id")
    site.named, site.base = {name.lower(): value for name, value in lines}, base
    return site


@pytest.mark.parametrize(
    ("key", "secret", "account", "role"),
    [
        ("ASIA", "hidden", "111111111111", ISSUED.role),
        ("222222222222", "test", "222222222222", ""),
        ("anything", "anything", "000000000000", ""),
    ],
)
@pytest.mark.parametrize("base", ["", "/_aws/lambda-url/u1"])
def test_whose_signature_is_right(key: str, secret: str, account: str, role: str, base: str) -> None:
    signer = SIGNERS(signed(key, secret, base=base), "lambda")
    assert (signer.account, signer.role, signer.region) == (account, role, "us-east-1")


def test_a_signature_in_the_query() -> None:
    assert SIGNERS(signed("test", "test", SigV4QueryAuth, body=b""), "lambda").account == "000000000000"


def test_what_is_refused() -> None:
    def refusal(site: SiteRequest) -> str:
        with pytest.raises(Fault) as refused:
            SIGNERS(site, "lambda")
        assert refused.value.status == 403
        return refused.value.code

    assert refusal(signed("ASIA", "test")) == "InvalidSignatureException"
    assert refusal(signed("ASIA", "ASIA")) == "InvalidSignatureException"
    assert refusal(signed("test", "other")) == "InvalidSignatureException"
    assert refusal(signed("test", "test", service="s3")) == "InvalidSignatureException"
    changed = signed("test", "test")
    changed.body = b"other"
    assert refusal(changed) == "InvalidSignatureException"
    inside = signed("222222222222", "test")
    inside.inside = "ASIA"
    assert refusal(inside) == "UnrecognizedClientException"
    unsigned = signed("test", "test")
    unsigned.named = {"host": HOST}
    unsigned.query = ""
    assert refusal(unsigned) == "MissingAuthenticationTokenException"


def test_names_of_signers() -> None:
    role = SIGNERS(signed("ASIA", "hidden"), "lambda")
    assert (role.arn, role.user_id) == ("arn:aws:sts::111111111111:assumed-role/r/ASIA", "r:ASIA")
    root = SIGNERS(signed("222222222222", "test"), "lambda")
    assert (root.arn, root.user_id) == ("arn:aws:iam::222222222222:root", "222222222222")

"""The keys in answers of another STS."""

import pytest

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.neighbour.handed_out import keys_in

CALLER = Caller(Scope("111111111111"), "id", role="arn:aws:iam::111111111111:role/mine")
GIVEN = b"<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey></Credentials>"
ASSUMED = (
    b"<R>" + GIVEN + b"<AssumedRoleUser><Arn>arn:aws:sts::222222222222:assumed-role/r/s</Arn></AssumedRoleUser></R>"
)


@pytest.mark.parametrize(
    ("service", "body", "keys"),
    [
        ("sts", ASSUMED, {"ASIA1": Held("s/+", "222222222222", "arn:aws:iam::222222222222:role/r")}),
        ("sts", b"<R>" + GIVEN + b"</R>", {"ASIA1": Held("s/+", "111111111111", CALLER.role)}),
        ("iam", ASSUMED, {}),
        ("sts", b"<GetCallerIdentityResult/>", {}),
        ("s3", ASSUMED, {}),
        ("sts", b"\xff", {}),
    ],
)
def test_keys_are_found(service: str, body: bytes, keys: dict[str, Held]) -> None:
    assert keys_in(service, body, CALLER) == keys

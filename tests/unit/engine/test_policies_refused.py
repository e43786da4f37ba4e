"""What AWS refuses to store as a policy.

Sources: the docstring of engine/authorisation/checking.py.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.authorisation import checking, document

GOOD = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
ONE = GOOD["Statement"][0]


def stated(**changes: Any) -> dict[str, Any]:
    one = {key: value for key, value in (ONE | changes).items() if value is not None}  # type: ignore[operator]
    return GOOD | {"Statement": [one]}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (GOOD, ""),
        (GOOD | {"Statement": ONE}, ""),
        (GOOD | {"Version": "2013-01-01"}, "Syntax errors in policy."),
        (GOOD | {"Statements": []}, "Syntax errors in policy."),
        ({"Version": "2012-10-17"}, "Syntax errors in policy."),
        (stated(Effect="allow"), "The policy failed legacy parsing"),
        (stated(Action="s3:a:b"), "Actions/Condition can contain only one colon."),
        (stated(Action=[]), "Policy statement must contain actions."),
        (stated(Action=5), "Syntax errors in policy."),
        (stated(Action="s3:Get Object"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (stated(Action="*"), ""),
        (stated(NotResource="*"), "Syntax errors in policy."),
        (stated(Resource=[]), "Policy statement must contain resources."),
        (stated(Resource="arn:foo:s3:::b"), 'Partition "foo" is not valid for resource "arn:foo:s3:::b".'),
        (stated(Resource="arn:aws:iam:us-east-1:1:user/x"),
         "IAM resource arn:aws:iam:us-east-1:1:user/x cannot contain region information."),
        (stated(Resource="arn:aws:s3:a::b"), "Resource arn:aws:s3:a::b can not contain region information."),
        (stated(Resource="arn:*:*:*:*:*"), ""),
        (stated(Sid="a b"), f"{checking.IAM_WORDS[checking.Fault.SID]}"),
        (stated(Sid=5), f"{checking.IAM_WORDS[checking.Fault.SID]}"),
        (GOOD | {"Id": 5}, "Syntax errors in policy."),
        (GOOD | {"Statement": []}, "Syntax errors in policy."),
        (stated(Condition={"NullIfExists": {"a": "true"}}), "Invalid Condition type : NullIfExists."),
        (stated(Condition={"ForSome:StringLike": {"a": "b"}}), "Invalid Condition type : ForSome:StringLike."),
        (stated(Condition={"StringLike": {"a": {}}}), "Syntax errors in policy."),
        (stated(Condition={"StringLike": ["a"]}), "Syntax errors in policy."),
        (stated(Condition={"DateLessThan": {"aws:CurrentTime": "yesterday"}}), "The policy failed legacy parsing"),
        (stated(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}), ""),
        (stated(Condition={"DateLessThan": {"aws:CurrentTime": "${aws:PrincipalTag/end}"}}), ""),
        (stated(Action=None), "Policy statement must contain actions."),
        (stated(NotAction="s3:*"), "Syntax errors in policy."),
        (stated(Action="GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (stated(Resource=None), "Policy statement must contain resources."),
        (stated(Resource="bucket"), 'Resource bucket must be in ARN format or "*".'),
        (stated(Principal="*"), "Policy document should not specify a principal."),
        (stated(Condition={"StringIs": {"a": "b"}}), "Invalid Condition type : StringIs."),
        (stated(Condition=[]), "Syntax errors in policy."),
        (stated(Colour="red"), "Syntax errors in policy."),
        (GOOD | {"Statement": [ONE | {"Sid": "a"}, ONE | {"Sid": "a"}]},  # type: ignore[operator]
         "Statement IDs (SID) in a single policy must be unique."),
    ],
)  # fmt: skip
def test_what_is_refused(said: dict[str, Any], wrong: str) -> None:
    assert checking.wrong(json.dumps(said)) == wrong


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", "7", '"x"'])
def test_what_is_no_policy(text: str) -> None:
    assert checking.wrong(text) == "Syntax errors in policy."


def test_no_element_stands_twice() -> None:
    twice = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}'
    assert checking.wrong(twice) == "Syntax errors in policy."


def trust(**changes: Any) -> dict[str, Any]:
    one = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"} | changes
    return GOOD | {"Statement": [{key: value for key, value in one.items() if value is not None}]}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (trust(), ""),
        (trust(Principal="*", Action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]), ""),
        (trust(Principal={"AWS": ["123456789012", "arn:aws:iam::123456789012:role/r"]}, Action="sts:*"), ""),
        (trust(Principal=None), "Missing required field Principal"),
        (trust(Resource="*"), "Has prohibited field Resource"),
        (trust(NotResource="*"), "Has prohibited field NotResource"),
        (trust(Action="s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trust(Principal={"AWS": "nobody"}), 'Invalid principal in policy: "AWS":"nobody"'),
        (trust(Principal={"Foo": "x"}), "Invalid principal in policy: Foo"),
        (trust(Principal={}), "Invalid principal in policy: {}"),
        (trust(Principal="x"), "Invalid principal in policy: x"),
        (trust(NotPrincipal="*"), "Syntax errors in policy."),
    ],
)
def test_what_is_refused_as_a_trust_policy(said: dict[str, Any], wrong: str) -> None:
    assert checking.wrong(json.dumps(said), checking.TRUST) == wrong


@pytest.mark.parametrize(
    "kind", [checking.IDENTITY, checking.TRUST, checking.Kind("optional", "optional", False, "s3")]
)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*checking._STATEMENT, "Statement", "Version", "AWS", "Bool"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_nothing_breaks_the_check_and_what_it_takes_can_be_evaluated(kind: checking.Kind, said: Any) -> None:
    if checking.check(json.dumps(said), kind) is None:
        assert not any(one.trouble for one in document.read("p", said).statements)


def test_what_is_taken_is_evaluated() -> None:
    for said in (GOOD, stated(), stated(Condition={"Bool": {"aws:SecureTransport": True}})):
        assert checking.check(json.dumps(said)) is None
        assert not any(one.trouble for one in document.read("p", said).statements)

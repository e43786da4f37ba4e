"""The order of evaluation, a row each, from the user guide's pages on it
(reference_policies_evaluation-logic*.html)."""

import itertools
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambent.engine.authorisation import document, principals, resource
from lambent.engine.authorisation.decide import Ask, Layer, Policies, decide, keys_of_policies
from lambent.engine.authorisation.document import Policy
from lambent.engine.authorisation.principals import Principal

MINE, OTHER = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{MINE}:role/app"
SESSION = principals.session(ROLE, "f")
USER = principals.user(f"arn:aws:iam::{MINE}:user/jane")
ROOT = principals.root(MINE)
SNS = principals.service("sns.amazonaws.com")
QUEUE = f"arn:aws:sqs:us-east-1:{MINE}:q"
ALLOW = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}
DENY = ALLOW | {"Effect": "Deny"}
OTHERWISE = ALLOW | {"Action": "sqs:ReceiveMessage"}


def policy(*statements: dict[str, Any], name: str = "p") -> Policy:
    return document.read(name, {"Version": "2012-10-17", "Statement": list(statements)})


def to(principal: Any, **more: Any) -> Policy:
    return policy(ALLOW | {"Principal": principal} | more)


ALLOWS, DENIES, ELSE = (policy(ALLOW),), (policy(DENY),), (policy(OTHERWISE),)
AWS_ROLE, AWS_SESSION = {"AWS": ROLE}, {"AWS": SESSION.arn}
ACCOUNT = {"AWS": f"arn:aws:iam::{MINE}:root"}
WITHIN = [
    # who, policies, allowed, the layer that decides
    (SESSION, Policies(), False, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS), True, Layer.IDENTITY),
    (SESSION, Policies(ELSE), False, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS + DENIES), False, Layer.IDENTITY),
    (SESSION, Policies(DENIES + ALLOWS), False, Layer.IDENTITY),
    (SESSION, Policies(ELSE + ALLOWS), True, Layer.IDENTITY),
    (SESSION, Policies((), to(AWS_ROLE)), True, Layer.RESOURCE),
    (SESSION, Policies((), to(AWS_SESSION)), True, Layer.RESOURCE),
    (SESSION, Policies((), to("*")), True, Layer.RESOURCE),
    (SESSION, Policies((), to({"AWS": "*"})), True, Layer.RESOURCE),
    (SESSION, Policies((), to(ACCOUNT)), False, Layer.IDENTITY),
    (SESSION, Policies((), to({"AWS": MINE})), False, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, to(ACCOUNT)), True, Layer.IDENTITY),
    (SESSION, Policies((), to({"AWS": f"arn:aws:iam::{MINE}:role/other"})), False, Layer.IDENTITY),
    (SESSION, Policies((), to({"AWS": OTHER})), False, Layer.IDENTITY),
    (SESSION, Policies((), to({"Service": "lambda.amazonaws.com"})), False, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, policy(DENY | {"Principal": "*"})), False, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, policy(DENY | {"Principal": AWS_ROLE})), False, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, policy(DENY | {"Principal": ACCOUNT})), False, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, policy(DENY | {"Principal": {"AWS": OTHER}})), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, policy(DENY | {"NotPrincipal": AWS_ROLE})), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, policy(DENY | {"NotPrincipal": {"AWS": OTHER}})), False, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, boundary=ALLOWS[0]), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, boundary=ELSE[0]), False, Layer.BOUNDARY),
    (SESSION, Policies((), boundary=ALLOWS[0]), False, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, boundary=DENIES[0]), False, Layer.BOUNDARY),
    (SESSION, Policies((), to(AWS_ROLE), boundary=ELSE[0]), False, Layer.BOUNDARY),
    (SESSION, Policies((), to(AWS_SESSION), boundary=ELSE[0]), True, Layer.RESOURCE),
    (USER, Policies((), to({"AWS": USER.arn}), boundary=ELSE[0]), True, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, session=ALLOWS), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, session=ELSE), False, Layer.SESSION),
    (SESSION, Policies(ALLOWS, session=()), False, Layer.SESSION),
    (SESSION, Policies((), session=ALLOWS), False, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, session=DENIES), False, Layer.SESSION),
    (SESSION, Policies((), to(AWS_ROLE), session=ELSE), False, Layer.SESSION),
    (SESSION, Policies((), to(AWS_ROLE), session=ALLOWS), True, Layer.RESOURCE),
    (SESSION, Policies((), to(AWS_SESSION), session=ELSE), True, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, boundary=ALLOWS[0], session=ALLOWS), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, boundary=ELSE[0], session=ELSE), False, Layer.BOUNDARY),
    (SESSION, Policies(ALLOWS, scps=(ALLOWS,)), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, scps=(ALLOWS, ALLOWS)), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, scps=(ALLOWS, ELSE)), False, Layer.SCP),
    (SESSION, Policies(ALLOWS, scps=(ELSE + ALLOWS,)), True, Layer.IDENTITY),
    (SESSION, Policies(ALLOWS, scps=(ALLOWS + DENIES,)), False, Layer.SCP),
    (SESSION, Policies((), to(AWS_SESSION), scps=(ELSE,)), False, Layer.SCP),
    (ROOT, Policies(), True, Layer.IDENTITY),
    (ROOT, Policies((), policy(DENY | {"Principal": "*"})), False, Layer.RESOURCE),
    (ROOT, Policies(scps=(ELSE,)), False, Layer.SCP),
    (ROOT, Policies(scps=(DENIES,)), False, Layer.SCP),
    (ROOT, Policies((), to(ACCOUNT)), True, Layer.RESOURCE),
    (USER, Policies(ALLOWS), True, Layer.IDENTITY),
    (USER, Policies((), to({"AWS": USER.arn})), True, Layer.RESOURCE),
    (USER, Policies((), to({"AWS": f"arn:aws:iam::{MINE}:user/john"})), False, Layer.IDENTITY),
    (USER, Policies((), to({"AWS": [OTHER, USER.arn]})), True, Layer.RESOURCE),
    (SNS, Policies((), to({"Service": "sns.amazonaws.com"})), True, Layer.RESOURCE),
    (SNS, Policies((), to({"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]})), True, Layer.RESOURCE),
    (SNS, Policies((), to({"Service": "s3.amazonaws.com"})), False, Layer.RESOURCE),
    (SNS, Policies((), to("*")), True, Layer.RESOURCE),
    (SNS, Policies(ALLOWS), False, Layer.RESOURCE),
    (SNS, Policies((), to({"Service": "sns.amazonaws.com"}), scps=(ELSE,)), True, Layer.RESOURCE),
    (principals.ANONYMOUS, Policies((), to("*")), True, Layer.RESOURCE),
    (principals.ANONYMOUS, Policies((), to({"AWS": MINE})), False, Layer.RESOURCE),
    (principals.ANONYMOUS, Policies(), False, Layer.RESOURCE),
    # a key of KMS: only its own policy opens it
    (SESSION, Policies(ALLOWS, to({"AWS": OTHER}), needs_resource=True), False, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, to(ACCOUNT), needs_resource=True), True, Layer.IDENTITY),
    (SESSION, Policies((), to(ACCOUNT), needs_resource=True), False, Layer.IDENTITY),
    (SESSION, Policies((), to(AWS_ROLE), needs_resource=True), True, Layer.RESOURCE),
    (SESSION, Policies(ALLOWS, None, needs_resource=True), False, Layer.RESOURCE),
    (ROOT, Policies((), to({"AWS": OTHER}), needs_resource=True), False, Layer.RESOURCE),
]


@pytest.mark.parametrize(("who", "policies", "allowed", "layer"), WITHIN)
def test_within_an_account(who: Principal, policies: Policies, allowed: bool, layer: Layer) -> None:
    decision = decide(Ask(who, "sqs:SendMessage", QUEUE, MINE), policies)
    assert (decision.allowed, decision.layer) == (allowed, layer)


THEIRS = f"arn:aws:sqs:us-east-1:{OTHER}:q"
TO_THEIRS = {"Resource": THEIRS}
MY = (policy(ALLOW | TO_THEIRS),)
BETWEEN = [
    (SESSION, Policies(MY), False, Layer.RESOURCE),
    (SESSION, Policies(MY, to(ACCOUNT, **TO_THEIRS)), True, Layer.RESOURCE),
    (SESSION, Policies(MY, to({"AWS": MINE}, **TO_THEIRS)), True, Layer.RESOURCE),
    (SESSION, Policies(MY, to(AWS_ROLE, **TO_THEIRS)), True, Layer.RESOURCE),
    (SESSION, Policies((), to(AWS_ROLE, **TO_THEIRS)), False, Layer.IDENTITY),
    (SESSION, Policies((), to("*", **TO_THEIRS)), False, Layer.IDENTITY),
    (SESSION, Policies(MY, to("*", **TO_THEIRS)), True, Layer.RESOURCE),
    (SESSION, Policies(MY, to({"AWS": OTHER}, **TO_THEIRS)), False, Layer.RESOURCE),
    (SESSION, Policies(MY, to(ACCOUNT, **TO_THEIRS), boundary=ELSE[0]), False, Layer.BOUNDARY),
    (SESSION, Policies(MY, to(ACCOUNT, **TO_THEIRS), session=ELSE), False, Layer.SESSION),
    (SESSION, Policies(MY, to(ACCOUNT, **TO_THEIRS), scps=(ELSE,)), False, Layer.SCP),
    (SESSION, Policies(MY + DENIES, to(ACCOUNT, **TO_THEIRS)), True, Layer.RESOURCE),
    (SESSION, Policies(MY, policy(DENY | TO_THEIRS | {"Principal": "*"})), False, Layer.RESOURCE),
    (ROOT, Policies(), False, Layer.RESOURCE),
    (ROOT, Policies((), to(ACCOUNT, **TO_THEIRS)), True, Layer.RESOURCE),
    (USER, Policies(MY, to({"AWS": USER.arn}, **TO_THEIRS)), True, Layer.RESOURCE),
    (USER, Policies((), to({"AWS": USER.arn}, **TO_THEIRS)), False, Layer.IDENTITY),
]


@pytest.mark.parametrize(("who", "policies", "allowed", "layer"), BETWEEN)
def test_between_accounts(who: Principal, policies: Policies, allowed: bool, layer: Layer) -> None:
    decision = decide(Ask(who, "sqs:SendMessage", THEIRS, OTHER), policies)
    assert (decision.allowed, decision.layer) == (allowed, layer)


ELEMENTS = [
    # action, resource, statement, matches
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": "*"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "sqs:*", "Resource": "*"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "SQS:sendmessage", "Resource": "*"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "sqs:Send*", "Resource": "*"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "sqs:*Message", "Resource": "*"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "sqs:Send??ssage", "Resource": "*"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "sqs:Send", "Resource": "*"}, False),
    ("sqs:SendMessage", QUEUE, {"Action": "sns:*", "Resource": "*"}, False),
    ("sqs:SendMessage", QUEUE, {"Action": ["sns:*", "sqs:*"], "Resource": "*"}, True),
    ("sqs:SendMessage", QUEUE, {"NotAction": "iam:*", "Resource": "*"}, True),
    ("iam:GetRole", ROLE, {"NotAction": "iam:*", "Resource": "*"}, False),
    ("iam:GetRole", ROLE, {"NotAction": ["sqs:*", "iam:*"], "Resource": "*"}, False),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": QUEUE}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": f"{QUEUE}2"}, False),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": f"arn:aws:sqs:*:{MINE}:q"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": f"arn:aws:sqs:eu-west-1:{MINE}:q"}, False),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": f"arn:aws:sqs:us-east-1:{OTHER}:q"}, False),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": "arn:aws:sqs:*"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": "arn:aws:sqs:us-east-1"}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": "arn:aws:sns:*"}, False),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "Resource": ["arn:aws:sns:*", QUEUE]}, True),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "NotResource": QUEUE}, False),
    ("sqs:SendMessage", QUEUE, {"Action": "*", "NotResource": "arn:aws:s3:::*"}, True),
    ("s3:GetObject", "arn:aws:s3:::b/k", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"}, False),
    ("s3:GetObject", "arn:aws:s3:::b/k", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, True),
    ("s3:GetObject", "arn:aws:s3:::b/x/y/z", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, True),
    ("s3:GetObject", "arn:aws:s3:::b/a:b", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/a:b"}, True),
    ("s3:ListBucket", "arn:aws:s3:::b", {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b/*"}, False),
    ("s3:ListBucket", "arn:aws:s3:::b", {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::*"}, True),
    ("s3:ListBucket", "arn:aws:s3:::B", {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"}, False),
    ("s3:ListAllMyBuckets", "*", {"Action": "s3:*", "Resource": "*"}, True),
    ("s3:ListAllMyBuckets", "*", {"Action": "s3:*", "Resource": "arn:aws:s3:::*"}, False),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{MINE}:function:f:live",
     {"Action": "*", "Resource": f"arn:aws:lambda:us-east-1:{MINE}:function:f"}, False),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{MINE}:function:f:live",
     {"Action": "*", "Resource": f"arn:aws:lambda:us-east-1:{MINE}:function:f:*"}, True),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{MINE}:function:f",
     {"Action": "*", "Resource": f"arn:aws:lambda:us-east-1:{MINE}:function:f:*"}, False),
    ("s3:GetObject", "arn:aws:s3:::b/jane/x", {"Action": "*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}, True),
    ("s3:GetObject", "arn:aws:s3:::b/john/x", {"Action": "*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}, False),
    ("s3:GetObject", "arn:aws:s3:::b/x", {"Action": "*", "Resource": "arn:aws:s3:::b/${aws:nothing}"}, False),
    ("s3:GetObject", "arn:aws:s3:::b/*", {"Action": "*", "Resource": "arn:aws:s3:::b/${*}"}, True),
    ("s3:GetObject", "arn:aws:s3:::b/k", {"Action": "*", "Resource": "arn:aws:s3:::b/${*}"}, False),
    ("s3:GetObject", "arn:aws:s3:::b/none", {"Action": "*", "Resource": "arn:aws:s3:::b/${a:b, 'none'}"}, True),
]  # fmt: skip


@pytest.mark.parametrize(("action", "resource", "said", "counts"), ELEMENTS)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_elements(action: str, resource: str, said: dict[str, Any], counts: bool, effect: str) -> None:
    """reference_policies_elements_action.html, _notaction, _resource, _notresource."""
    everything = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    one = policy({"Effect": effect, **said})
    ask = Ask(USER, action, resource, MINE)
    if effect == "Allow":
        assert decide(ask, Policies((one,))).allowed is counts
    else:
        assert decide(ask, Policies((everything, one))).allowed is not counts


def test_variables_are_plain_text_in_the_older_language() -> None:
    said = {"Version": "2008-10-17", "Statement": ALLOW | {"Resource": "arn:aws:s3:::b/${aws:username}"}}
    policies = Policies((document.read("p", said),))
    assert not decide(Ask(USER, "sqs:SendMessage", "arn:aws:s3:::b/jane", MINE), policies).allowed
    assert decide(Ask(USER, "sqs:SendMessage", "arn:aws:s3:::b/${aws:username}", MINE), policies).allowed


def test_what_a_variable_without_a_value_leaves_out_is_not_allowed() -> None:
    everything_else = {"Action": "*", "NotResource": "arn:aws:s3:::b/${aws:username}/*"}
    one = policy({"Effect": "Allow", **everything_else})
    assert decide(Ask(USER, "s3:GetObject", "arn:aws:s3:::b/john/x", MINE), Policies((one,))).allowed
    assert not decide(Ask(USER, "s3:GetObject", "arn:aws:s3:::b/jane/x", MINE), Policies((one,))).allowed
    assert not decide(Ask(SESSION, "s3:GetObject", "arn:aws:s3:::b/jane/x", MINE), Policies((one,))).allowed


@pytest.mark.parametrize(
    ("more", "lasting"),
    [
        ({}, True),
        ({"Resource": ["arn:aws:sqs:*:*:${aws:SourceIp}", QUEUE]}, False),
        ({"Condition": {"StringEquals": {"aws:SourceIp": "10.0.0.1"}}}, False),
        ({"Resource": "arn:aws:sqs:*:*:other", "Condition": {"StringEquals": {"aws:SourceIp": "10.0.0.1"}}}, True),
    ],
)
def test_what_may_be_another_answer_at_another_moment_does_not_last(more: dict[str, Any], lasting: bool) -> None:
    ask = Ask(SESSION, "sqs:SendMessage", QUEUE, MINE, {"aws:sourceip": "10.0.0.1"})
    assert decide(ask, Policies((policy(ALLOW | more),))).lasting is lasting


def test_a_decision_takes_fifty_microseconds_at_most() -> None:
    """Of this process' own time, warm, with forty statements of which half are about the action."""
    said = [ALLOW | {"Action": "sqs:*" if n % 2 else f"s3:Get{n}*", "Resource": f"{QUEUE}{n}"} for n in range(39)]
    policies, ask = Policies((policy(*said, ALLOW),)), Ask(SESSION, "sqs:SendMessage", QUEUE, MINE)

    def seconds() -> float:
        begin = time.process_time()
        for _ in range(100):
            assert decide(ask, policies).allowed
        return (time.process_time() - begin) / 100

    assert min(seconds() for _ in range(10)) <= 50e-6


BROKEN = [
    None, 1, "x", [], {}, {"Statement": None}, {"Statement": 5}, {"Statement": ["x"]}, {"Statement": {}},
    {"Statement": {"Effect": "Maybe", "Action": "*", "Resource": "*"}},
    {"Statement": {"Effect": "Allow", "Action": {"a": 1}, "Resource": "*"}},
    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": "x"}},
    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": "x"}}},
    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringIs": {"a": "b"}}}},
    {"Statement": {"Effect": "Allow", "Resource": "*"}},
]  # fmt: skip


@pytest.mark.parametrize("said", BROKEN, ids=lambda said: json.dumps(said)[:60])
def test_what_cannot_be_understood_allows_nothing(said: Any) -> None:
    assert not decide(Ask(SESSION, "sqs:SendMessage", QUEUE, MINE), Policies((document.read("p", said),))).allowed


def test_a_deny_that_cannot_be_understood_denies() -> None:
    odd = policy(DENY | {"Resource": "*", "Condition": {"StringIs": {"a": "b"}}})
    decision = decide(Ask(SESSION, "sqs:SendMessage", QUEUE, MINE), Policies((*ALLOWS, odd)))
    assert (decision.allowed, decision.explicit) == (False, True)


def test_a_pattern_of_many_asterisks_takes_no_time() -> None:
    pattern = "arn:aws:s3:::" + "*a" * 60
    one = policy({"Effect": "Allow", "Action": "s3:" + "*" * 5_000, "Resource": [pattern]})
    assert not decide(Ask(USER, "s3:GetObject", f"arn:aws:s3:::{'a' * 59}b", MINE), Policies((one,))).allowed


ACTIONS = st.sampled_from(["sqs:SendMessage", "sqs:*", "*", "s3:GetObject", "sqs:Rec*"])
RESOURCES = st.sampled_from([QUEUE, "*", "arn:aws:sqs:*", "arn:aws:s3:::b/*", THEIRS])
CONDITIONS = st.sampled_from(
    [{}, {"StringEquals": {"k": "v"}}, {"StringNotEquals": {"k": "v"}}, {"Null": {"k": "true"}}, {"Odd": {"k": "v"}}]
)
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect, "Action": action, "Resource": resource, "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]), ACTIONS, RESOURCES, CONDITIONS,
)  # fmt: skip
LISTS = st.lists(STATEMENTS, max_size=5)
WHO = st.sampled_from([SESSION, USER, ROOT])
KEYS = st.sampled_from([{}, {"k": "v"}, {"k": "w"}, {"k": ("v", "w")}])


def outcome(who: Principal, statements: list[dict[str, Any]], keys: Any, **more: Any) -> bool:
    policies = Policies((policy(*statements),), **more)
    return decide(Ask(who, "sqs:SendMessage", QUEUE, MINE, keys), policies).allowed


@settings(max_examples=150, deadline=None)
@given(WHO, LISTS, KEYS)
def test_a_deny_always_wins(who: Principal, statements: list[dict[str, Any]], keys: Any) -> None:
    assert not outcome(who, [*statements, {"Effect": "Deny", "Action": "*", "Resource": "*"}], keys)


@settings(max_examples=150, deadline=None)
@given(WHO, LISTS, STATEMENTS, KEYS)
def test_an_allow_never_takes_away(
    who: Principal, statements: list[dict[str, Any]], one: dict[str, Any], keys: Any
) -> None:
    if outcome(who, statements, keys):
        assert outcome(who, [*statements, one | {"Effect": "Allow"}], keys)


@settings(max_examples=150, deadline=None)
@given(WHO, LISTS, KEYS, st.randoms())
def test_the_order_does_not_matter(
    who: Principal, statements: list[dict[str, Any]], keys: Any, chance: random.Random
) -> None:
    shuffled = list(statements)
    chance.shuffle(shuffled)
    assert outcome(who, statements, keys) == outcome(who, shuffled, keys)


@settings(max_examples=100, deadline=None)
@given(WHO, LISTS, LISTS, KEYS)
def test_a_boundary_never_adds(
    who: Principal, statements: list[dict[str, Any]], bound: list[dict[str, Any]], keys: Any
) -> None:
    if outcome(who, statements, keys, boundary=policy(*bound)) and who is not ROOT:
        assert outcome(who, statements, keys)
        assert outcome(who, bound, keys)


def test_the_same_decision_for_any_way_of_splitting_policies() -> None:
    statements = [ALLOW, OTHERWISE, ALLOW | {"Action": "sqs:Purge*"}]
    for size in range(1, 4):
        for some in itertools.permutations(statements, size):
            together = Policies((policy(*some),))
            apart = Policies(tuple(policy(one) for one in some))
            ask = Ask(SESSION, "sqs:SendMessage", QUEUE, MINE)
            assert decide(ask, together).allowed == decide(ask, apart).allowed == (ALLOW in some)


STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Action": st.sampled_from(["s3:*", "s3:GetObject", "sqs:*"]),
            "Resource": st.sampled_from(
                ["*", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::${aws:PrincipalTag/t}/*"]
            ),
            "Condition": st.dictionaries(
                st.sampled_from(
                    ["StringEquals", "StringNotEquals", "StringLikeIfExists", "Null", "ForAllValues:StringLike"]
                ),
                st.dictionaries(
                    st.sampled_from(["aws:UserAgent", "s3:prefix", "aws:PrincipalTag/t", "aws:TagKeys"]),
                    st.sampled_from(["a", "true", "${aws:username}", "*", "b"]),
                    max_size=2,
                ),
                max_size=2,
            ),
        }
    ),
    max_size=4,
)
ALL_KEYS: dict[str, str | tuple[str, ...]] = {
    "aws:useragent": "a", "s3:prefix": "jane", "aws:principaltag/t": "b", "aws:tagkeys": ("a", "b"),
    "aws:username": "jane",
}  # fmt: skip


@given(STATEMENTS, STATEMENTS, st.sets(st.sampled_from(sorted(ALL_KEYS))))
def test_the_keys_that_policies_go_by_are_all_that_count(one: list[Any], other: list[Any], there: set[str]) -> None:
    """What is not asked for can't decide."""
    policies = Policies((document.read("one", {"Version": "2012-10-17", "Statement": one}),),
                        boundary=document.read("other", {"Version": "2012-10-17", "Statement": other}))  # fmt: skip
    has = {key: ALL_KEYS[key] for key in there}
    named = keys_of_policies(policies, "s3:GetObject")
    who = principals.user("arn:aws:iam::111111111111:user/jane")
    full = Ask(who, "s3:GetObject", "arn:aws:s3:::b/jane/k", keys=has)
    few = Ask(who, "s3:GetObject", "arn:aws:s3:::b/jane/k", keys={key: has[key] for key in has.keys() & named})
    assert decide(full, policies) == decide(few, policies)


@pytest.mark.parametrize(
    "action", ["\u212ams:Decrypt", "kms:Decrypt\u200b", "\uff4bms:Decrypt", "k\u043cs:Decrypt", "kms:*\u0130"]
)
def test_what_looks_like_an_action_is_none(action: str) -> None:
    """The sign of Kelvin, whose small form is a k; a space without width; letters of other alphabets."""
    who = principals.user("arn:aws:iam::111111111111:user/u")
    asked = Ask(who, "kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/k", "111111111111")
    allow = document.read("p", {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
    assert not decide(asked, Policies((allow,))).allowed
    every = document.read("p", {"Statement": [{"Effect": "Allow", "Action": "KMS:dECRYPT", "Resource": "*"}]})
    assert decide(asked, Policies((every,))).allowed


@pytest.mark.parametrize("key", ["aws:PrincipalTag/tas\u212a", "\u0430ws:PrincipalTag/task"])
def test_what_looks_like_a_key_is_another(key: str) -> None:
    who = principals.user("arn:aws:iam::111111111111:user/u")
    asked = Ask(who, "sqs:SendMessage", "*", "111111111111", {"aws:principaltag/task": "a"})
    condition = {"StringEquals": {key: "a"}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    assert not decide(asked, Policies((document.read("p", {"Statement": statement}),))).allowed


@pytest.mark.parametrize(
    ("condition", "known"),
    [
        ({}, True),
        ({"ArnLike": {"AWS:SourceArn": "arn:aws:sns:*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}, None),
        ({"Bool": {"aws:SecureTransport": "true"}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:*"}}, None),
    ],
)
def test_what_is_known_of_a_policy_by_what_a_service_tells_alone(
    condition: dict[str, object], known: bool | None
) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]}
    who, keys = principals.service("sns.amazonaws.com"), (("aws:sourcearn", "arn:aws:sns:r:1:t"),)
    for _ in range(2):
        assert resource.lets_in_by(policy, who, "sqs:SendMessage", "arn:aws:sqs:r:1:q", keys) is known
    if known is not None:
        other = principals.service("s3.amazonaws.com")
        assert resource.lets_in_by(policy, other, "sqs:SendMessage", "arn:aws:sqs:r:1:q", keys) is False

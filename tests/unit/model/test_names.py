import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.model import names
from lambent.model.limits import AWS_2022, AWS_2026, PROFILES
from lambent.model.names import FunctionName, FunctionRef, parse, resolve
from lambent.model.scope import Scope

HERE = Scope("111111111111", "us-east-1")
FULL = "arn:aws:lambda:us-east-1:111111111111:function:"

plain = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
qualifiers = st.none() | st.just("$LATEST") | st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)


@given(plain, qualifiers, st.sampled_from(["function:", "111111111111:function:", FULL]))
def test_every_prefixed_form_says_the_same(name: str, qualifier: str | None, prefix: str) -> None:
    text = prefix + name + (f":{qualifier}" if qualifier else "")
    assert resolve(text, HERE) == FunctionRef(HERE, name, qualifier)


@given(plain, qualifiers)
def test_an_arn_reads_back(name: str, qualifier: str | None) -> None:
    ref = FunctionRef(HERE, name, qualifier)
    assert resolve(ref.arn, HERE) == ref


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_exactly_as_the_pattern_says(text: str) -> None:
    if re.fullmatch(names.PATTERN, text, re.ASCII):
        assert parse(text).name
    else:
        with pytest.raises(names.MalformedName):
            parse(text)


def test_an_arn_that_ends_early_names_a_function_called_function() -> None:
    assert parse("arn:aws:lambda:us-east-1:111111111111:function") == FunctionName(
        "function", None, "111111111111", "us-east-1"
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("arn:aws:lambda:eu-west-1:111111111111:function:f", names.ForeignRegion),
        ("arn:aws:lambda:us-east-1:222222222222:function:f", names.ForeignAccount),
        ("222222222222:function:f", names.ForeignAccount),
        ("f:1", names.QualifierMismatch),
        ("f:1:2", names.MalformedName),
        ("arn:aws:ec2:us-east-1:111111111111:instance:i-1", names.MalformedName),
        ("f!", names.MalformedName),
        ("f\n", names.MalformedName),
    ],
)
def test_what_can_not_be_used_here_is_refused(text: str, error: type[names.NameRefused]) -> None:
    with pytest.raises(error):
        resolve(text, HERE, "2")


def test_the_profiles_differ_where_aws_changed_its_numbers() -> None:
    assert set(PROFILES) == {"aws-2026", "aws-2022"}
    assert (AWS_2026.async_request_bytes, AWS_2022.async_request_bytes) == (1_048_576, 262_144)
    assert (AWS_2026.zip_direct, AWS_2026.zip_unzipped) == (52_428_800, 262_144_000)
    assert (AWS_2026.sync_request_bytes, AWS_2026.sync_response_bytes) == (6_291_456, 6_291_556)

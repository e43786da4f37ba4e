"""Function names and qualifiers that AWS refuses, in all the forms that were recorded."""

from collections.abc import Callable
from typing import Any

from tests.recorded.replaying import REGION, Endpoint, Said, counted, package, refusal, replays, variant, variants

NAMES = "api::TestLambdaFunction::test_function_name_and_qualifier_validation["
WHAT_IS_ASKED: dict[str, Callable[[str], tuple[str, str | None]]] = {
    "full_arn_and_qualifier_too_long_and_invalid_region": lambda account: (
        f"arn:aws:lambda:invalid-region:{account}:function:my-function-{'a' * 170}",
        "a" * 129,
    ),
    "full_arn_with_multiple_qualifiers": lambda account: (_arn(account, "my-function:1:2"), None),
    "function_name_and_qualifier_too_long": lambda account: ("my-function", "a" * 65),
    "function_name_is_single_invalid": lambda account: ("*", None),
    "function_name_too_long": lambda account: ("a" * 65, None),
    "function_name_too_long_and_invalid_region": lambda account: (
        f"arn:aws:lambda:invalid-region:{account}:function:my-function{'a' * 170}",
        None,
    ),
    "incomplete_arn": lambda account: (f"arn:aws:lambda:{REGION}:{account}:function", None),
    "invalid_account_id_in_partial_arn": lambda account: ("invalid-account:function:my-function", None),
    "invalid_characters_in_function_name": lambda account: ("my-function!", None),
    "invalid_characters_in_qualifier": lambda account: ("my-function", "invalid!"),
    "invalid_region_in_arn": lambda account: (f"arn:aws:lambda:invalid-region:{account}:function:my-function", None),
    "latest_version_with_additional_qualifier": lambda account: (_arn(account, "my-function:$LATEST"), "1"),
    "lowercase_latest_qualifier": lambda account: (_arn(account, "my-function"), "$latest"),
    "missing_account_id_in_arn": lambda account: (f"arn:aws:lambda:{REGION}::function:my-function", None),
    "missing_region_in_arn": lambda account: (f"arn:aws:lambda::{account}:function:my-function", None),
    "misspelled_latest_in_arn": lambda account: (_arn(account, "my-function:$LATES"), None),
    "non_lambda_arn": lambda account: (f"arn:aws:ec2:{REGION}:{account}:instance:i-1234567890abcdef0", None),
    "partial_arn_with_extra_qualifier": lambda account: ("function:my-function:$LATEST:extra", None),
    "qualifier_too_long": lambda account: ("my-function", "a" * 129),
    "qualifier_too_long0": lambda account: ("my-function", "a" * 129),
    "qualifier_too_long1": lambda account: ("my-function", "a" * 65),
}
"""What each case sends, as name and qualifier, given the account. CreateFunction takes them as one."""


def _arn(account: str, rest: str) -> str:
    return f"arn:aws:lambda:{REGION}:{account}:function:{rest}"


@replays(*variants(NAMES))
def test_names_and_qualifiers(aws: Endpoint, said: Said, recorded: str) -> None:
    case, _, method = variant(recorded).rpartition("-")
    name, qualifier = WHAT_IS_ASKED[case](aws.account)
    if method == "create_function":
        one = f"{name}:{qualifier}" if qualifier else name
        answer = refusal(
            aws.lambda_.create_function,
            FunctionName=one,
            Runtime="python3.12",
            Handler="handler.handler",
            Role=aws.role,
            Code={"ZipFile": package()},
        )
    else:
        params: dict[str, Any] = {"Qualifier": qualifier} if qualifier else {}
        answer = refusal(getattr(aws.lambda_, method), FunctionName=name, **params)
    said(f"{method}_exception", answer, counted)

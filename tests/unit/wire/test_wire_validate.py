"""Constraint violations in AWS's words: the texts are those that AWS was seen to answer."""

from typing import Any

import pytest

from lambent.wire import service
from lambent.wire.fault import Fault
from lambent.wire.patches import all_patches
from lambent.wire.pattern import compiled
from lambent.wire.validate import validate

ROLE = "arn:aws:iam::123456789012:role/r"
GOOD: dict[str, Any] = {"FunctionName": "f", "Role": ROLE, "Code": {"ZipFile": b"x"}}


def message(operation: str, params: dict[str, Any], name: str = "lambda") -> str:
    with pytest.raises(Fault) as caught:
        validate(service.load(name), operation, params)
    assert caught.value.status == 400
    return str(caught.value.message)


def one(text: str) -> str:
    return f"1 validation error detected: {text}"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"Timeout": 901}, "Value '901' at 'timeout' failed to satisfy constraint: {} 900"),
        ({"MemorySize": 10_241}, "Value '10241' at 'memorySize' failed to satisfy constraint: {} 10240"),
        (
            {"EphemeralStorage": {"Size": 10_241}},
            "Value '10241' at 'ephemeralStorage.size' failed to satisfy constraint: {} 10240",
        ),
    ],
)
def test_what_only_managed_instances_may_have(more: dict[str, Any], text: str) -> None:
    assert message("CreateFunction", GOOD | more) == one(text.format("Member must have value less than or equal to"))


def test_violations_are_told_together() -> None:
    told = message("CreateFunction", GOOD | {"Timeout": 901, "MemorySize": 64})
    assert told.startswith("2 validation errors detected: Value '901' at 'timeout' ")
    assert "; Value '64' at 'memorySize' " in told


LAYER = {"LayerName": "l", "Content": {"ZipFile": b"x"}}
NO_RUNTIME = "failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, "


def test_a_layers_runtimes_and_architectures_are_told_together() -> None:
    told = message(
        "PublishLayerVersion", LAYER | {"CompatibleRuntimes": ["cobol1"], "CompatibleArchitectures": ["z80"]}
    )
    assert told.startswith(f"2 validation errors detected: Value '[cobol1]' at 'compatibleRuntimes' {NO_RUNTIME}")
    assert "; Value '[z80]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy " in told


@pytest.mark.parametrize("operation", ["ListLayers", "ListLayerVersions"])
def test_lists_of_layers_tell_both_together(operation: str) -> None:
    named = {"LayerName": "l"} if operation == "ListLayerVersions" else {}
    told = message(operation, named | {"CompatibleRuntime": "cobol1", "CompatibleArchitecture": "z80"})
    assert told.startswith(f"2 validation errors detected: Value 'cobol1' at 'compatibleRuntime' {NO_RUNTIME}")
    assert told.endswith(
        "; Value 'z80' at 'compatibleArchitecture' failed to satisfy constraint: "
        "Member must satisfy enum value set: [x86_64, arm64]"
    )


def test_a_layer_may_be_for_runtimes_that_are_no_more() -> None:
    validate(service.load("lambda"), "PublishLayerVersion", LAYER | {"CompatibleRuntimes": ["python2.7", "nodejs26.x"]})


@pytest.mark.parametrize(
    ("operation", "limit"),
    [
        ("CreateFunction", 70_167_211),
        ("UpdateFunctionCode", 70_167_211),
        ("PublishLayerVersion", 70_167_211),
        ("UpdateFunctionConfiguration", 5_120),
    ],
)
def test_requests_have_a_size(operation: str, limit: int) -> None:
    lambda_ = service.load("lambda")
    lambda_.check_size(operation, limit)
    with pytest.raises(Fault) as caught:
        lambda_.check_size(operation, limit + 1)
    assert (caught.value.code, caught.value.status) == ("RequestEntityTooLargeException", 413)
    assert caught.value.message == f"Request must be smaller than {limit} bytes for the {operation} operation"


def test_most_requests_have_none() -> None:
    service.load("lambda").check_size("Invoke", 10**9)


def test_a_good_request_passes() -> None:
    validate(service.load("lambda"), "CreateFunction", GOOD | {"MemorySize": 128, "Timeout": 900})


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            {"Role": "r1"},
            "Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: "
            r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        ),
        (
            {"MemorySize": 64},
            "Value '64' at 'memorySize' failed to satisfy constraint: "
            "Member must have value greater than or equal to 128",
        ),
        (
            {"Architectures": ["x86_64", "arm64"]},
            "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: "
            "Member must have length less than or equal to 1",
        ),
        (
            {"Architectures": ["X86_64"]},
            "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
        ),
        (
            {"SnapStart": {"ApplyOn": "x"}},
            "Value 'x' at 'snapStart.applyOn' failed to satisfy constraint: "
            "Member must satisfy enum value set: [PublishedVersions, None]",
        ),
        (
            {"VpcConfig": {"SubnetIds": ["bad"]}},
            "Value '[bad]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have length less than or equal to 1024, Member must have length greater than or equal to "
            "0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]",
        ),
        (
            {"Environment": {"Variables": {"1": "secret"}}},
            "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: "
            "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
        ),
        (
            {"KMSKeyArn": "x"},
            "Value 'x' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: "
            r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()",
        ),
    ],
)
def test_one_violation(more: dict[str, Any], text: str) -> None:
    assert message("CreateFunction", GOOD | more) == one(text)


def test_the_constraints_of_a_maps_values() -> None:
    params = {
        "FunctionName": "f",
        "Name": "a",
        "FunctionVersion": "1",
        "RoutingConfig": {"AdditionalVersionWeights": {"2": 2.0}},
    }
    assert message("CreateAlias", params) == one(
        "Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must "
        "satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than "
        "or equal to 0.0, Member must not be null]"
    )


def test_enums_stand_in_the_order_that_aws_has() -> None:
    params = {"FunctionName": "f", "StartingPosition": "x"}
    assert message("CreateEventSourceMapping", params).endswith("[LATEST, AT_TIMESTAMP, TRIM_HORIZON]")
    params = {"FunctionName": "f", "RecursiveLoop": "x"}
    assert message("PutFunctionRecursionConfig", params).endswith("[Terminate, Allow]")


def test_what_is_required_is_not_null() -> None:
    assert message("CreateFunction", {"FunctionName": "f"}) == (
        "2 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not be null; "
        "Value null at 'code' failed to satisfy constraint: Member must not be null"
    )


def test_the_pattern_comes_before_the_length() -> None:
    """https://github.com/fluent-plugins-nursery/fluent-plugin-cloudwatch-logs/issues/223"""
    assert message("DescribeLogGroups", {"logGroupNamePrefix": ""}, "logs") == (
        "2 validation errors detected: Value '' at 'logGroupNamePrefix' failed to satisfy constraint: Member must "
        r"satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+; Value '' at 'logGroupNamePrefix' failed to "
        "satisfy constraint: Member must have length greater than or equal to 1"
    )


def test_members_of_items_are_named_by_their_place() -> None:
    params = {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": ""}]}
    assert message("PutLogEvents", params, "logs") == one(
        "Value '' at 'logEvents.1.member.message' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_the_code_is_the_services() -> None:
    for name, operation, code in (
        ("lambda", "GetFunction", "ValidationException"),
        ("logs", "CreateLogGroup", "InvalidParameterException"),
        ("iam", "GetUserPolicy", "ValidationError"),
    ):
        with pytest.raises(Fault) as caught:
            validate(service.load(name), operation, {})
        assert caught.value.code == code
    validate(service.load("s3"), "CreateBucket", {})


def test_every_patch_has_a_source_and_changes_its_model() -> None:
    for patch in all_patches():
        assert patch["source"]
        node: Any = service.load(patch["service"], patch.get("protocol", "")).description
        for key in patch["at"][:-1]:
            node = node[key]
        assert node.get(patch["at"][-1]) == patch["set"]


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", ["", "a", "é 1", "日本", "-"], ["\x00", "€"]),
        (r"\P{C}+", ["aé"], ["", "a\x00"]),
        (r"[^\p{C}]+", ["aé"], ["\x00"]),
        (r"\p{ASCII}*", ["a~"], ["é"]),
        (r"[\w-_]*", ["a-_"], ["+"]),
        (r"\A[a-z]+\z", ["a"], ["a\n", "A"]),
        (r"^[a-z]+$", ["a"], ["a\n"]),
        (r"\d+", ["1"], ["١"]),
        (r"[a-z\x{60}]+", ["a`"], ["A"]),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF]*", ["a😹"], ["\x00"]),
        (r"^(?i)(true|false)$", ["TRUE"], ["x"]),
    ],
)
def test_javas_patterns(pattern: str, good: list[str], bad: list[str]) -> None:
    regexp = compiled(pattern)
    assert regexp is not None
    assert [text for text in good if not regexp.fullmatch(text)] == []
    assert [text for text in bad if regexp.fullmatch(text)] == []


def test_a_pattern_that_python_can_not_express_is_not_checked() -> None:
    assert compiled("[a-z&&[^b]]") is None
    assert compiled("[a-z]{2}{3}") is None


@pytest.mark.parametrize("name", ["lambda", "logs", "s3", "sqs", "sns", "events", "kinesis", "dynamodb", "iam"])
def test_every_pattern_of_the_services_around_is_checked(name: str) -> None:
    shapes = service.load(name).description["shapes"]
    patterns = {key: shape["pattern"] for key, shape in shapes.items() if "pattern" in shape}
    assert {key for key, pattern in patterns.items() if compiled(pattern) is None} == set()

"""The least policy for what was done."""

from lambent.permissions.least import least

ID = "9c5725ad-b083-41cb-8c70-e7872883c80e"
KEY = f"arn:aws:kms:us-east-1:111111111111:key/{ID}"


def resources(*used: tuple[str, str]) -> list[str]:
    return [one for statement in least(used)["Statement"] for one in statement["Resource"]]


def test_what_is_another_name_each_time_is_any_name() -> None:
    assert resources(("s3:PutObject", f"arn:aws:s3:::b/manifests/{ID}.jsonl")) == ["arn:aws:s3:::b/manifests/*.jsonl"]
    group = "arn:aws:logs:us-east-1:111111111111:log-group:/g"
    assert resources(("logs:PutLogEvents", f"{group}:log-stream:2026/01/01/[1]x")) == [f"{group}:*"]
    assert resources(("kms:Decrypt", KEY)) == [KEY]


def test_many_objects_are_all_of_a_bucket() -> None:
    assert resources(*[("s3:GetObject", f"arn:aws:s3:::b/{n}") for n in range(2)]) == [
        "arn:aws:s3:::b/0",
        "arn:aws:s3:::b/1",
    ]
    assert resources(*[("s3:GetObject", f"arn:aws:s3:::b/{n}") for n in range(3)]) == ["arn:aws:s3:::b/*"]

"""The least policy for what was done."""

from lambent.permissions.least import least, of_any_object

ID = "9c5725ad-b083-41cb-8c70-e7872883c80e"
KEY = f"arn:aws:kms:us-east-1:111111111111:key/{ID}"


def resources(*used: tuple[str, str]) -> list[str]:
    return [one for statement in least(used)["Statement"] for one in statement["Resource"]]


def test_what_is_another_name_each_time_is_any_name() -> None:
    assert resources(("s3:PutObject", f"arn:aws:s3:::b/manifests/{ID}.jsonl")) == ["arn:aws:s3:::b/manifests/*.jsonl"]
    group = "arn:aws:logs:us-east-1:111111111111:log-group:/g"
    assert resources(("logs:PutLogEvents", f"{group}:log-stream:2026/01/01/[1]x")) == [f"{group}:*"]
    assert resources(("kms:Decrypt", KEY)) == [KEY]
    table = "arn:aws:dynamodb:us-east-1:111111111111:table/t"
    assert resources(("dynamodb:GetRecords", f"{table}/stream/2026-11-30T15:36:31.473")) == [f"{table}/stream/*"]
    assert resources(("logs:PutLogEvents", f"{group}/stream/a:log-stream:x")) == [f"{group}/stream/a:*"]


def test_ids_and_days_in_the_names_of_what_is_made_again_are_any() -> None:
    assert resources(("s3:GetObject", f"arn:aws:s3:::b/{ID.replace('-', '')}.txt")) == ["arn:aws:s3:::b/*.txt"]
    assert resources(("s3:PutObject", "arn:aws:s3:::b/20260806/report.csv")) == ["arn:aws:s3:::b/*/report.csv"]
    assert resources(("s3:GetObject", "arn:aws:s3:::my-20260806/a")) == ["arn:aws:s3:::my-20260806/a"]
    place = "arn:aws:states:us-east-1:111111111111"
    assert resources(("states:DescribeExecution", f"{place}:execution:m:{ID}")) == [f"{place}:execution:m:*"]
    assert resources(("states:StartExecution", f"{place}:stateMachine:m")) == [f"{place}:stateMachine:m"]


def test_two_objects_are_all_in_their_folder() -> None:
    assert resources(("s3:GetObject", "arn:aws:s3:::b/in/config.json")) == ["arn:aws:s3:::b/in/config.json"]
    two = [("s3:GetObject", f"arn:aws:s3:::b/in/{name}") for name in ("cat.jpg", "cut.jpg")]
    assert resources(*two) == ["arn:aws:s3:::b/in/*"]
    assert resources(*two, ("s3:GetObject", "arn:aws:s3:::b/c")) == ["arn:aws:s3:::b/*"]


def test_a_bucket_that_calls_the_function_calls_it_for_any_object() -> None:
    used = [
        ("s3:GetObject", "arn:aws:s3:::calls/a"),
        ("s3:PutObject", "arn:aws:s3:::other/a"),
        ("s3:ListAllMyBuckets", "*"),
    ]
    assert of_any_object(used, {"calls"}) == [("s3:GetObject", "arn:aws:s3:::calls/*"), *used[1:]]

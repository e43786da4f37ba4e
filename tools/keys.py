"""What a function tries with keys that it was not given, and how it is refused.

One table: the part "Whose account it acts in" of docs/isolation.md is made of it, and tests/e2e/test_accounts.py lets
a function of account 000000000000 try each: `CODE` is its handler.
"""

EXPECTED: dict[str, tuple[str, str]] = {
    "its own key": ("", "the environment's socket"),
    "a presigned link of its own": ("", "the environment's socket"),
    "another account's number as its key, at Lambda": ("UnrecognizedClientException", "nobody's key"),
    "the same at SQS": ("InvalidClientTokenId", "nobody's key"),
    "the same at S3": ("InvalidAccessKeyId", "nobody's key"),
    "the same at moto's SSM": ("UnrecognizedClientException", "nobody's key"),
    "a made-up key, as test": ("UnrecognizedClientException", "nobody's key"),
    "no signature at all": ("MissingAuthenticationTokenException", "no key"),
    "a role of its own account, assumed": ("", "STS gave the key"),
    "that key with another secret": ("UnrecognizedClientException", "not signed with its secret"),
    "a role of another account that trusts it": ("", "the role's trust policy"),
    "a role of another account that does not": ("AccessDenied", "the role's trust policy"),
    "the same by a token of some identity provider": ("AccessDenied", "nobody checks the token"),
    "a link that was presigned outside, in its account": ("", "presigned in its account"),
    "a link that was presigned outside, in another": ("InvalidAccessKeyId", "nobody's key"),
    "another account's queue": ("AccessDenied", "the queue's policy"),
    "a region called ..": ("InvalidSignatureException", "no region's name"),
    "Lambent's pages": ("AccessDeniedException", "not on the list for functions"),
    "moto's own pages": ("AccessDeniedException", "not on the list for functions"),
    "the same, written otherwise": ("AccessDeniedException", "not on the list for functions"),
}
"""Each attempt: the error's code ("" for none), and what decides."""

CODE = r"""
import json, os, re, urllib.error, urllib.request
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
ONCE = Config(retries={"total_max_attempts": 1})
OTHER = "222222222222"


def client(service, key=None, secret="x", token=None):
    given = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token} if key else {}
    return boto3.client(service, endpoint_url=ENDPOINT, region_name="us-east-1", config=ONCE, **given)


def assumed(account, role):
    arn = f"arn:aws:iam::{account}:role/{role}"
    given = client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


def fetch(path, method="GET", **headers):
    try:
        urllib.request.urlopen(urllib.request.Request(ENDPOINT + path, None, headers, method=method), timeout=20).read()
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        found = re.search("<Code>(.*?)</Code>", text)
        return found[1] if found else error.headers.get("x-amzn-ErrorType") or json.loads(text).get("__type") or text
    return ""


def functions_of(*keys):
    found = client("lambda", *keys).list_functions()["Functions"]
    return ",".join(sorted({one["FunctionArn"].split(":")[4] for one in found}))


def must(account, *keys):
    assert functions_of(*keys) == account, (account, functions_of(*keys))


def own_link():
    link = client("s3").generate_presigned_url("get_object", Params={"Bucket": "shared", "Key": "a"})
    return fetch(link.removeprefix(ENDPOINT))


def with_another_secret():
    key, _secret, token = assumed("000000000000", "mine")
    functions_of(key, "y", token)


def with_a_token():
    role = {"RoleArn": f"arn:aws:iam::{OTHER}:role/trusting", "RoleSessionName": "session"}
    client("sts").assume_role_with_web_identity(WebIdentityToken="anything", **role)


def in_a_strange_region():
    scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/../lambda/aws4_request"
    return fetch("/2015-03-31/functions", Authorization=f"AWS4-HMAC-SHA256 Credential={scope}, Signature=x")


def attempts(event):
    queue = f"{ENDPOINT}/{OTHER}/theirs"
    return {
        "its own key": lambda: must("000000000000"),
        "a presigned link of its own": own_link,
        "another account's number as its key, at Lambda": lambda: functions_of(OTHER),
        "the same at SQS": lambda: client("sqs", OTHER).list_queues(),
        "the same at S3": lambda: client("s3", OTHER).list_buckets(),
        "the same at moto's SSM": lambda: client("ssm", OTHER).describe_parameters(),
        "a made-up key, as test": lambda: functions_of("test"),
        "no signature at all": lambda: fetch("/2015-03-31/functions"),
        "a role of its own account, assumed": lambda: must("000000000000", *assumed("000000000000", "mine")),
        "that key with another secret": with_another_secret,
        "a role of another account that trusts it": lambda: must(OTHER, *assumed(OTHER, "trusting")),
        "a role of another account that does not": lambda: assumed(OTHER, "closed"),
        "the same by a token of some identity provider": with_a_token,
        "a link that was presigned outside, in its account": lambda: fetch(event["link"]),
        "a link that was presigned outside, in another": lambda: fetch(event["other_link"]),
        "another account's queue": lambda: client("sqs").receive_message(QueueUrl=queue),
        "a region called ..": in_a_strange_region,
        "Lambent's pages": lambda: fetch("/_lambent/health"),
        "moto's own pages": lambda: fetch("/moto-api/reset", "POST"),
        "the same, written otherwise": lambda: fetch("/%6doto-api/reset", "POST"),
    }


def handler(event, context):
    said = {}
    for name, attempt in attempts(event).items():
        try:
            said[name] = attempt() or ""
        except ClientError as error:
            said[name] = error.response["Error"]["Code"]
        except Exception as error:
            said[name] = repr(error)
    return said
"""

HEAD = """
## Whose account it acts in

From outside, an access key that is a 12-digit account number acts in that account: whoever may reach the endpoint may
do everything. From inside an environment only keys count that were given: its own, known by the socket on which it
asks; others that were issued, when the request is signed with their secret; links that somebody presigned in the same
account. At level `process` a function asks on the server's own socket, and nothing of this holds. Each
line is tried by the code in `tools/keys.py`, in `tests/e2e/test_accounts.py`.

| a function asks with | answer | what decides |
| --- | --- | --- |
"""


def part() -> str:
    """The part of docs/isolation.md."""
    return HEAD + "".join(
        f"| {name} | {f'**refused** ({code})' if code else 'answered'} | {by} |\n"
        for name, (code, by) in EXPECTED.items()
    )

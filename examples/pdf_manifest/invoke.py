"""Run the deployed function and print what it answers.

    python -m examples.pdf_manifest.invoke --bucket reports --prefix 2026/04/

The answer goes to standard output, the tail of the log to standard error; exit code 1: the function failed.
Where to is boto3's business: AWS_ENDPOINT_URL, credentials and region come from the environment.
"""

import argparse
import base64
import json
import sys
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

FUNCTION = "pdf-manifest"
# A job may take as long as a function may; sending it again because the answer is slow would run it twice.
PATIENT = Config(read_timeout=905, retries={"total_max_attempts": 1})


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="invoke", description="Run the deployed PDF manifest function.")
    parser.add_argument("--function", default=FUNCTION, metavar="NAME")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--prefix", default="2026/04/")
    parser.add_argument("--expires-in", type=int, metavar="SECONDS", help="life of the links (default 900)")
    asked = parser.parse_args()
    event: dict[str, Any] = {"bucket": asked.bucket, "prefix": asked.prefix}
    if asked.expires_in is not None:
        event["expires_in"] = asked.expires_in
    try:
        client = boto3.client("lambda", config=PATIENT)
        answer = client.invoke(FunctionName=asked.function, Payload=json.dumps(event), LogType="Tail")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"invoke: {error}")
    print(base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"), file=sys.stderr, end="")
    print(json.dumps(json.loads(answer["Payload"].read()), indent=2, ensure_ascii=False))
    return 1 if "FunctionError" in answer else 0


if __name__ == "__main__":
    sys.exit(main())

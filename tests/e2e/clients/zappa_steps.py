"""What `zappa deploy`, `update`, `rollback` and `undeploy` do, through Zappa's own class. Run by test_zappa.py."""

import io
import json
import sys
import zipfile

import boto3
from zappa.core import Zappa

NAME = "shop"


def package(answer: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("handler.py")
        info.external_attr = 0o644 << 16
        archive.writestr(info, f"def handler(event, context):\n    return {answer!r}\n")
    return buffer.getvalue()


def main(runtime: str) -> None:
    zappa = Zappa(boto_session=boto3.Session(), aws_region="us-east-1", runtime=runtime, tags={"zappa": "yes"})
    zappa.role_name = "shop-role"
    zappa.create_iam_roles()
    answers = []

    def ask() -> None:
        said = zappa.invoke_lambda_function(NAME, b"{}", invocation_type="RequestResponse")
        answers.append(json.loads(said["Payload"].read()))

    arn = zappa.create_lambda_function(
        function_name=NAME, handler="handler.handler", runtime=runtime, local_zip=package("one"), concurrency=5
    )
    ask()
    zappa.update_lambda_function(bucket=None, function_name=NAME, local_zip=package("two"), num_revisions=5)
    zappa.update_lambda_configuration(
        lambda_arn=arn,
        function_name=NAME,
        handler="handler.handler",
        runtime=runtime,
        aws_environment_variables={"STAGE": "test"},
    )
    zappa.wait_until_lambda_function_is_updated(NAME)
    ask()
    zappa.rollback_lambda_function_version(NAME, 1)
    zappa.wait_until_lambda_function_is_updated(NAME)
    ask()
    url = zappa.deploy_lambda_function_url(NAME, {"authorizer": "NONE", "cors": False})["FunctionUrl"]
    zappa.update_lambda_function_url(NAME, {"authorizer": "AWS_IAM", "cors": False})
    zappa.delete_lambda_function_url(NAME)
    versions = [one["Version"] for one in zappa.get_lambda_function_versions(NAME)]
    zappa.delete_lambda_function(NAME)
    left = zappa.get_lambda_function_versions(NAME)
    print(json.dumps({"arn": arn, "answers": answers, "versions": versions, "url": url, "left": left}))


main(sys.argv[1])

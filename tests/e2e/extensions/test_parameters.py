"""The Parameters and Secrets Lambda Extension in a function: its layer is AWS's, what answers is the platform."""

import json

from tests.e2e.conftest import Deploy, Server

LAYER = "arn:aws:lambda:us-east-1:177933569100:layer:AWS-Parameters-and-Secrets-Lambda-Extension:11"
CODE = """
import json, os, urllib.request, urllib.error

def get(path, token=os.environ["AWS_SESSION_TOKEN"]):
    request = urllib.request.Request(f"http://localhost:2773{path}", headers={"X-Aws-Parameters-Secrets-Token": token})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

def handler(event, context):
    return [get(*one) for one in event]
"""


def test_secrets_and_parameters_are_had_on_their_port(server: Server, deploy: Deploy) -> None:
    secrets, parameters = server.client("secretsmanager"), server.client("ssm")
    secrets.create_secret(Name="of-extension", SecretString="first")
    parameters.put_parameter(Name="/of/extension", Value="v", Type="SecureString")
    name = deploy(CODE, Layers=[LAYER])
    secret, parameter = (
        "/secretsmanager/get?secretId=of-extension",
        "/systemsmanager/parameters/get?name=%2Fof%2Fextension",
    )

    def asked(*paths: list[str]) -> list[tuple[int, dict[str, str]]]:
        said = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(paths))
        return [tuple(one) for one in json.load(said["Payload"])]

    first = asked([secret], [f"{parameter}&withDecryption=true"], [secret, "no"], ["/secretsmanager/get?secretId=none"])
    assert [status for status, _ in first] == [200, 200, 401, 404]  # moto's status for what AWS says with 400
    assert (first[0][1]["SecretString"], first[1][1]["Parameter"]["Value"]) == ("first", "v")
    assert "ResourceNotFoundException" in str(first[3][1])
    secrets.put_secret_value(SecretId="of-extension", SecretString="second")
    assert asked([secret])[0][1]["SecretString"] == "first"  # it is kept
    shown = server.client("lambda").get_function_configuration(FunctionName=name)
    assert [one["Arn"] for one in shown["Layers"]] == [LAYER]
    secrets.delete_secret(SecretId="of-extension", ForceDeleteWithoutRecovery=True)

"""Images are pushed to the registry by a real client where the machine has one, and run through a server's death."""

import base64
import http.client
import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Server
from tests.e2e.deploy.stacks import deleted, made, template
from tests.e2e.runtimes.test_image import an_image
from tests.unit.store.image_kit import digest_of

AWS = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
"""As templates of CDK name the registry."""
TRUST = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
}


class Client:
    """The little of a registry's client that pushes a layout."""

    def __init__(self, server: Server) -> None:
        token = server.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        self.login, self.host = {"Authorization": f"Basic {token}"}, urlsplit(server.endpoint).netloc
        self.password = base64.b64decode(token).decode().partition(":")[2]

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        connection.request(
            method, path, body, self.login | {key.replace("_", "-"): one for key, one in headers.items()}
        )
        answer = connection.getresponse()
        answer.read()
        return answer

    def push(self, layout: Path, name: str, tag: str) -> None:
        digest = json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"]
        for blob in (layout / "blobs/sha256").iterdir():
            place = self.send("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
            assert self.send("PATCH", place, blob.read_bytes()).status == 202
            assert self.send("PUT", f"{place}?digest=sha256:{blob.name}").status == 201
        manifest = (layout / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()
        assert self.send("PUT", f"/v2/{name}/manifests/{tag}", manifest).status == 201

    def skopeo(self, *said: str) -> str:
        command = ["skopeo", *said]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def stack_of(tag: str) -> str:
    function = {
        "PackageType": "Image", "FunctionName": "of-the-registry", "Role": {"Fn::GetAtt": ["R", "Arn"]},
        "Code": {"ImageUri": {"Fn::Sub": f"{AWS}/app:{tag}"}},
    }  # fmt: skip
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"EmptyOnDelete": True}}
    resources = {"R": role, "F": {"Type": "AWS::Lambda::Function", "Properties": function}, "Own": repository}
    return template(resources, Outputs={"Uri": {"Value": {"Fn::GetAtt": ["Own", "RepositoryUri"]}}})


def answer(server: Server) -> Any:
    return json.load(server.client("lambda").invoke(FunctionName="of-the-registry", Payload=b"{}")["Payload"])


def test_an_image_is_pushed_run_and_there_after_a_kill(own_server: Callable[..., Server], tmp_path: Path) -> None:
    server = own_server()
    server.client("ecr").create_repository(repositoryName="app")
    client = Client(server)
    layout = Path(an_image(tmp_path)[0].removeprefix("oci:"))
    client.push(layout, "app", "v1")
    outputs = made(server, "images", stack_of("v1"))
    assert outputs["Uri"].startswith(f"{client.host}/images-own-")
    assert answer(server)["arguments"] == "one"
    if shutil.which("skopeo"):
        there = f"docker://{client.host}/app"
        login = ("--tls-verify=false", "--creds", f"AWS:{client.password}")
        assert json.loads(client.skopeo("list-tags", *login, there))["Tags"] == ["v1"]
        shown = ("--dest-tls-verify=false", "--dest-creds", f"AWS:{client.password}")
        client.skopeo("copy", "--quiet", *shown, f"oci:{layout}", f"{there}:v2")
    half = client.send("POST", "/v2/app/blobs/uploads/").headers["Location"]
    assert client.send("PATCH", half, b"half of it").status == 202
    server.stop(signal.SIGKILL)
    server = own_server()
    again = Client(server)
    again.login = client.login
    assert again.send("PUT", f"{half}?digest={digest_of(b'half of it')}").status == 404
    assert not list((server.data_dir / "registry").glob("staging-*"))
    assert again.send("HEAD", "/v2/app/manifests/v1").status == 200
    assert answer(server)["arguments"] == "one"
    deleted(server, "images")
    assert [one["repositoryName"] for one in server.client("ecr").describe_repositories()["repositories"]] == ["app"]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_page_of_the_web_gets_in(server: Server, headers: dict[str, str]) -> None:
    client = Client(server)
    client.login |= headers
    assert client.send("GET", "/v2/").status == 403
    assert client.send("POST", "/v2/app/blobs/uploads/").status == 403

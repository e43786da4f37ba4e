"""An extension that others have written and published, unmodified: Sentry's (npm, `@sentry/aws-serverless`)."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.e2e.conftest import Deploy, Server
from tests.e2e.extensions.runtime_kit import executables, invoke, log, logged

PACKAGE = "@sentry/aws-serverless@10.75.2"
FILES = {"sentry-extension": "extensions/sentry-extension", "index.mjs": "sentry-extension/index.mjs"}
"""Its files, and where its layer has them."""
HANDLER = """
import urllib.error, urllib.request
def handler(event, context):
    try:
        urllib.request.urlopen("http://127.0.0.1:9000/envelope", b"{}\\n{}\\n", 5)
    except urllib.error.HTTPError as error:
        return error.code
    return 200
"""

pytestmark = pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="it needs Node.js and npm")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The extension's files by their path in a layer."""
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, capture_output=True, timeout=120)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as found:
        names = {Path(member.name).name: member for member in found if "/lambda-extension/" in member.name}
        texts = {name: found.extractfile(names[name]) for name in FILES}
        return {FILES[name]: file.read().decode() for name, file in texts.items() if file is not None}


def test_sentry_s_extension_runs(server: Server, deploy: Deploy, published: dict[str, str]) -> None:
    layer = server.client("lambda").publish_layer_version(
        LayerName="sentry", Content={"ZipFile": executables(published)}
    )
    name = deploy(HANDLER, Layers=[layer["LayerVersionArn"]], MemorySize=512, Timeout=10)
    for number in range(3):
        status, error = invoke(server, name)
        assert (status, error) == (400, None)  # it listens, and refuses an envelope without an address
        logged(server, name, "REPORT")
        assert log(server, name).count("START RequestId") == number + 1
    assert "EXTENSION\tName: sentry-extension\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n" in log(server, name)
    assert "Status: " not in log(server, name)

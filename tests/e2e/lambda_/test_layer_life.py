"""A layer version outlives its deletion where it is used, also through a crash of the server."""

import json
import signal
import urllib.request
from collections.abc import Callable

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

CODE = "import shared\ndef handler(event, context): return shared.VALUE"


def test_a_deleted_layer_stays_whole_for_the_function_that_has_it(own_server: Callable[..., Server]) -> None:
    server = own_server()
    client = server.client("lambda")
    content = package({"python/shared.py": "VALUE = 42\n"})
    layer = client.publish_layer_version(LayerName="l", Content={"ZipFile": content})
    with urllib.request.urlopen(layer["Content"]["Location"]) as download:
        assert download.read() == content
    client.create_function(
        FunctionName="f",
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": package({"app.py": CODE})},
        Layers=[layer["LayerVersionArn"]],
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 1000})
    client.delete_layer_version(LayerName="l", VersionNumber=1)
    assert json.loads(client.invoke(FunctionName="f")["Payload"].read()) == 42
    server.stop(signal.SIGKILL)

    client = own_server(data_dir=server.data_dir).client("lambda")
    assert json.loads(client.invoke(FunctionName="f")["Payload"].read()) == 42
    shown = client.get_function(FunctionName="f")["Configuration"]
    assert shown["Layers"] == [{"Arn": layer["LayerVersionArn"], "CodeSize": len(content)}]
    again = client.publish_layer_version(LayerName="l", Content={"ZipFile": content})
    assert again["Version"] == 2

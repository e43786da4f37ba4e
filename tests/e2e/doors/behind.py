"""What the tests of API Gateway's doors have in common: a function that it may call, and a client by host name."""

import http.client
from collections.abc import Iterator

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

Answer = tuple[int, dict[str, str], bytes]


def function_of(server: Server, name: str, code: str) -> Iterator[str]:
    """The ARN of a function that every API may call, as long as the generator stands."""
    client = server.client("lambda")
    made = client.create_function(
        FunctionName=name, Runtime=RUNTIME, Role=ROLE, Handler="f.handler", Timeout=30,
        Code={"ZipFile": package({"f.py": code})},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    client.add_permission(
        FunctionName=name, StatementId="gate", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn="arn:aws:execute-api:us-east-1:000000000000:*/*",
    )  # fmt: skip
    yield made["FunctionArn"]
    client.delete_function(FunctionName=name)


class Asking:
    """Asks an API by its host name."""

    server: Server
    api: str

    def ask(
        self, path: str, method: str = "GET", body: bytes | str | None = None, host: str = "", **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection(self.server.endpoint.removeprefix("http://"), timeout=60)
        sent = {"Host": host or f"{self.api}.execute-api.us-east-1.amazonaws.com"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        read = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return read

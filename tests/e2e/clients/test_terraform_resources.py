"""Resources of Terraform's, call by call: what the provider reads is what was configured, and a second plan finds
nothing to change."""

from collections.abc import Mapping
from typing import Any

import jmespath
import pytest
from botocore.exceptions import ClientError

from tests.e2e.clients.terraform_orders import RESOURCES, Call, Read, Resource
from tests.e2e.conftest import Server


class Replay:
    """The calls of one resource; `known` is what answers have told that later calls name."""

    def __init__(self, client: Any, resource: Resource) -> None:
        self._client = client
        self._resource = resource
        self._known: dict[str, str] = {}

    def call(self, operation: str, params: Mapping[str, Any]) -> Any:
        answer = getattr(self._client, operation)(**self._filled(params))
        for name, path in self._resource.keep.items():
            if answer.get(path):
                self._known[name] = answer[path]
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def run(self, calls: "list[Call] | Any") -> None:
        for operation, params in calls:
            self.call(operation, params)

    def check(self, reads: "list[Read] | Any") -> None:
        for operation, params, path, value in reads:
            assert jmespath.search(path, self.call(operation, params)) == value, (operation, path)

    def seen(self) -> list[Any]:
        """Everything that the provider reads."""
        return [self.call(operation, params) for operation, params, _, _ in self._resource.read]

    def _filled(self, said: Any) -> Any:
        if isinstance(said, dict):
            return {name: self._filled(value) for name, value in said.items()}
        if isinstance(said, str) and "{" in said and not said.startswith('{"'):
            return said.format(**self._known)
        return said


@pytest.mark.parametrize("name", RESOURCES)
def test_what_terraform_makes_reads_as_it_was_configured(server: Server, name: str) -> None:
    resource = RESOURCES[name]
    replay = Replay(server.client(resource.service, user_agent_extra="terraform-provider-aws"), resource)
    replay.run(resource.make)
    replay.check(resource.read)
    assert replay.seen() == replay.seen()
    operation, params, _, _ = resource.read[0]
    for unset, code in resource.unset:
        with pytest.raises(ClientError) as refused:
            replay.call(unset, params)
        assert refused.value.response["Error"]["Code"] == code
    replay.run(resource.change)
    replay.check(resource.changed)
    replay.run(resource.end)
    with pytest.raises(ClientError) as gone:
        replay.call(operation, params)
    assert gone.value.response["Error"]["Code"] in resource.gone

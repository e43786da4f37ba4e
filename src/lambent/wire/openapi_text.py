"""An OpenAPI document's text (JSON or YAML) as values. One that unfolds (YAML's aliases) to too much is refused."""

from typing import Any

import orjson
import yaml

VALUES = 400_000
DEPTH = 200


def read(body: bytes) -> Any:
    """The document; keys are text, nothing is shared. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        document = yaml.load(body, _Loader)  # noqa: S506, a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ValueError("it is neither JSON nor YAML") from error
    return _plain(document, [VALUES], 0)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Dates stay text; what is nested too deeply, or merged (`<<`) from too much, is refused while it is read."""

    deep = 0
    merged = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.deep > DEPTH:
            raise ValueError("it is nested too deeply")
        self.deep += 1
        node = super().compose_node(parent, index)
        self.deep -= 1
        return node

    def flatten_mapping(self, node: Any) -> None:
        super().flatten_mapping(node)
        node.value = list(
            {
                (key.tag, key.value) if key.id == "scalar" else id(key): (key, value) for key, value in node.value
            }.values()
        )
        self.merged += len(node.value)
        if self.merged > VALUES:
            raise ValueError("it unfolds to too much")


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _plain(value: Any, left: list[int], depth: int) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth > DEPTH:
        raise ValueError("it unfolds to too much")
    if isinstance(value, dict):
        return {_key(name): _plain(one, left, depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, left, depth + 1) for one in value]
    return value


def _key(name: Any) -> str:
    if isinstance(name, bool):
        return "true" if name else "false"
    return str(name)

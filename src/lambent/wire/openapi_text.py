"""An OpenAPI document's text (JSON or YAML) as values. One that unfolds (YAML's aliases) to too much is refused."""

from typing import Any

import orjson
import yaml
from yaml.composer import Composer

VALUES = 200_000
"""Far more than an API of 300 resources has: reading so many takes seconds."""
DEPTH = 200


def read(body: bytes) -> Any:
    """The document; keys are text, nothing is shared. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        document = yaml.load(body, _Loader)  # noqa: S506, a SafeLoader
    except _Refused:
        raise
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ValueError("it is neither JSON nor YAML") from error
    return _plain(document, [VALUES], 0)


_Reader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where it is there: four times as fast. Nodes are made of its events here, one by one."""


class _Refused(ValueError):
    """Said as it is."""


class _Loader(Composer, _Reader):  # type: ignore[misc]
    """Dates stay text; what is nested too deeply, has too many nodes or is merged (`<<`) from too much is refused while
    it is read."""

    deep = 0
    merged = 0
    nodes = 0

    def __init__(self, text: bytes) -> None:
        Composer.__init__(self)
        _Reader.__init__(self, text)

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.nodes += 1
        if self.nodes > VALUES:
            raise _Refused("it has too many values")
        if self.deep > DEPTH:
            raise _Refused("it is nested too deeply")
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
            raise _Refused("it unfolds to too much")


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _plain(value: Any, left: list[int], depth: int) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth > DEPTH:
        raise _Refused("it unfolds to too much")
    if isinstance(value, dict):
        return {_key(name): _plain(one, left, depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, left, depth + 1) for one in value]
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise _Refused("it has a number that is too large")
    return value


def _key(name: Any) -> str:
    if isinstance(name, bool):
        return "true" if name else "false"
    return str(name)

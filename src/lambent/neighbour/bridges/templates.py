"""CloudFormation's templates, parsed without running what they say, whoever gets past the gateway, which answers
CloudFormation itself.

moto reads them with PyYAML's full loader, whose tags call any Python function
(https://pyyaml.org/wiki/PyYAMLDocumentation, "YAML tags and Python types"). CloudFormation knows its own short tags
alone: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import functools
import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

BARE = ("Condition", "Ref")
"""Functions whose full form has no "Fn::" before its name."""
MOST_UNFOLDED = 200_000


def load(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """In place of `yaml.load`: as before with a safe loader, and with a safe one in place of any other. What aliases
    unfold to too much is an error of YAML's."""
    yaml: Any = importlib.import_module("yaml")

    def loads(stream: Any, Loader: type[Any]) -> Any:
        if isinstance(stream, str) and "*" in stream and _unfolded(_composed(yaml, stream), {}) > MOST_UNFOLDED:
            raise yaml.YAMLError(f"its aliases unfold to more than {MOST_UNFOLDED} values")
        if not issubclass(Loader, yaml.constructor.FullConstructor):
            return former(stream, Loader)
        try:
            return former(stream, _loader())
        except yaml.YAMLError as error:
            return _json(stream, error)

    return loads


def _composed(yaml: Any, text: str) -> Any:
    try:
        return yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None  # the loader says what is wrong


def _unfolded(node: Any, known: dict[int, int]) -> int:
    """How many nodes there are with every alias in its place. One that contains itself counts as too many."""
    if node is not None and id(node) not in known:
        known[id(node)] = MOST_UNFOLDED + 1  # until it is known
        pairs = node.value if node.id == "mapping" else ()
        within = node.value if node.id == "sequence" else [one for pair in pairs for one in pair]
        known[id(node)] = 1 + sum(_unfolded(one, known) for one in within)
    return known.get(id(node), 0)


def load_all(_gateway: Gateway, former: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """In place of `yaml.load_all`, likewise."""
    yaml: Any = importlib.import_module("yaml")

    def loads(stream: Any, Loader: type[Any]) -> Iterator[Any]:
        return former(stream, _loader() if issubclass(Loader, yaml.constructor.FullConstructor) else Loader)

    return loads


@functools.cache
def _loader() -> Any:
    """YAML's own types, and functions in their short form."""
    yaml: Any = importlib.import_module("yaml")
    made: Any = type("TemplateLoader", (yaml.SafeLoader,), {})
    made.add_multi_constructor("!", _function)
    return made


def _function(loader: Any, name: str, node: Any) -> dict[str, Any]:
    """The full form of a function in its short form."""
    if node.id == "scalar":
        said = node.value.split(".", 1) if name == "GetAtt" else node.value
    else:
        build = loader.construct_sequence if node.id == "sequence" else loader.construct_mapping
        said = build(node, deep=True)
    return {name if name in BARE else f"Fn::{name}": said}


def _json(text: Any, error: Any) -> Any:
    """A template in JSON may be no YAML, which has no tabs. Raises ValidationError in AWS's words if it is neither."""
    from moto.cloudformation.exceptions import ValidationError

    try:
        return json.loads(text)
    except ValueError:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise ValidationError(message=f"Template format error: YAML not well-formed.{where}") from None

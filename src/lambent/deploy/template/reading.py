"""The text of a template, in JSON or YAML, into plain values.

YAML is read by a safe loader that knows CloudFormation's short tags alone and takes dates for text. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import functools
import json
from typing import Any

import yaml

from lambent.deploy.errors import TemplateInvalid

BARE = ("Condition", "Ref")
"""Functions whose full form has no "Fn::" before its name."""
DEEPEST = 100
ALIASES = "Template error: YAML aliases are not allowed in CloudFormation templates"
TOO_DEEP = "Template format error: the template is nested too deeply."  # our wording
MOST_UNFOLDED = 400_000
UNFOLDS = f"Its YAML aliases unfold to more than {MOST_UNFOLDED:,} values."  # our wording
UNSUPPORTED = "Template format error: unsupported structure."


def read(text: str, aliases: bool = False) -> dict[str, Any]:
    """The document; other tools' files may have `aliases`. Raises TemplateInvalid in AWS's words."""
    document = _json(text) if text.lstrip().startswith("{") else _yaml(text, aliases)
    if not isinstance(document, dict):
        raise TemplateInvalid(UNSUPPORTED)
    if _is_deeper(document, DEEPEST):
        raise TemplateInvalid(TOO_DEEP)
    if not _has_plain_numbers(document):
        raise TemplateInvalid(UNSUPPORTED)
    return document


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise TemplateInvalid(UNSUPPORTED) from None
    except json.JSONDecodeError as error:
        try:
            return _yaml(text)  # a flow mapping of YAML begins like JSON
        except TemplateInvalid:
            where = f"(line {error.lineno}, column {error.colno})"
            raise TemplateInvalid(f"Template format error: JSON not well-formed. {where}") from None


def _yaml(text: str, aliases: bool = False) -> Any:
    try:
        loader = _loader(aliases)(text)
    except yaml.reader.ReaderError:  # of characters that YAML does not have, as an archive's
        raise TemplateInvalid("Template format error: YAML not well-formed.") from None
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if aliases and _unfolded(node, {}) > MOST_UNFOLDED:
            raise TemplateInvalid(UNFOLDS)
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise TemplateInvalid(f"Template format error: YAML not well-formed.{where}") from None
    except (RecursionError, ValueError):
        raise TemplateInvalid(UNSUPPORTED) from None
    finally:
        loader.dispose()


def _unfolded(node: Any, known: dict[int, int]) -> int:
    """How many nodes there are with every alias in its place. One that contains itself counts as too many."""
    if id(node) not in known:
        known[id(node)] = MOST_UNFOLDED + 1  # until it is known
        pairs = node.value if node.id == "mapping" else ()
        within = node.value if node.id == "sequence" else [value for _, value in pairs]
        known[id(node)] = 1 + sum(_unfolded(one, known) for one in within)
    return known[id(node)]


@functools.cache
def _loader(aliases: bool) -> type[Any]:
    """YAML's own types but dates, and functions in their short form."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        deep = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if not aliases and self.check_event(yaml.AliasEvent):
                raise TemplateInvalid(ALIASES)
            if self.deep > 2 * DEEPEST:  # what is less deep is looked at when it is there whole
                raise TemplateInvalid(UNSUPPORTED)
            self.deep += 1
            node = super().compose_node(parent, index)
            self.deep -= 1
            return node

        def flatten_mapping(self, node: Any) -> None:
            """Merge keys need aliases."""
            if aliases:
                super().flatten_mapping(node)

    passed = (":timestamp", ":value") if aliases else (":timestamp", ":merge", ":value")
    Loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in found if not tag.endswith(passed)]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_multi_constructor("!", _function)
    Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
    return Loader


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    """Keys are text, as in JSON: `80:` and `true:` too."""
    loader.flatten_mapping(node)
    return {
        str(key.value) if key.id == "scalar" else _refused(): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


def _refused() -> str:
    raise TemplateInvalid(UNSUPPORTED)


def _function(loader: Any, name: str, node: Any) -> dict[str, Any]:
    """The full form of a function in its short form."""
    said: Any
    if node.id == "scalar":
        said = node.value.split(".", 1) if name == "GetAtt" else node.value
    elif node.id == "sequence":
        said = loader.construct_sequence(node, deep=True)
    else:
        said = _mapping(loader, node)
    return {name if name in BARE else f"Fn::{name}": said}


def _is_deeper(value: Any, left: int) -> bool:
    if not left:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_is_deeper(one, left - 1) for one in inner)


def _has_plain_numbers(value: Any) -> bool:
    """Whether its integers have 64 bits, and so can be kept as JSON."""
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 64
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(_has_plain_numbers, inner))

"""YAML and JSON with lines: a loader of our own that knows CloudFormation's short tags and makes no objects.

Bounds keep a hostile file from costing more than a moment: its size, its nesting and what its aliases unfold to.
"""

from typing import Any

import yaml

from lambent.pitfalls.facts.tree import Map, Seq, Span
from lambent.pitfalls.facts.unread import NotRead

MOST_BYTES = 8 << 20
MOST_DEPTH = 80
MOST_NODES = 400_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TRUE = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


def load(source: str) -> Any:
    """The first document of a text as Map, Seq and scalars. Raises NotRead."""
    if len(source) > MOST_BYTES:
        raise NotRead(f"it has more than {MOST_BYTES >> 20} MB")
    try:
        node = next(iter(yaml.compose_all(source, Loader=_Loader)), None)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise NotRead(f"it is not valid YAML: {error.problem} (line {line})") from None
    except (yaml.YAMLError, ValueError) as error:
        raise NotRead(f"it is not valid YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise NotRead("it is nested too deeply") from None
    return None if node is None else _Reading().value(node, 0)


class _Reading:
    def __init__(self) -> None:
        self.nodes = 0

    def value(self, node: yaml.Node, depth: int) -> Any:
        self.nodes += 1
        if depth > MOST_DEPTH:
            raise NotRead("it is nested too deeply, or an alias contains itself")
        if self.nodes > MOST_NODES:
            raise NotRead(f"it unfolds to more than {MOST_NODES:,} values")
        inner = self._plain(node, depth)
        return _tagged(node.tag, inner, _span(node)) if node.tag.startswith("!") else inner

    def _plain(self, node: yaml.Node, depth: int) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._map(node, depth)
        if isinstance(node, yaml.SequenceNode):
            made = Seq(_span(node))
            for item in node.value:
                made.put(self.value(item, depth + 1), _span(item))
            return made
        return _scalar(node)

    def _map(self, node: yaml.MappingNode, depth: int) -> Map:
        made = Map(_span(node))
        for key, item in node.value:
            value = self.value(item, depth + 1)
            if key.tag == "tag:yaml.org,2002:merge":
                _merge_key(made, value)
                continue
            name = key.value if isinstance(key.value, str) else "?"
            made.put(name, value, (key.start_mark.line + 1, max(key.start_mark.line + 1, _span(item)[1])))
        return made


def _merge_key(made: Map, value: Any) -> None:
    for source in value if isinstance(value, Seq) else [value]:
        if isinstance(source, Map):
            for name in source:
                if name not in made:
                    made.put(name, source[name], source.at[name])


def _span(node: yaml.Node) -> Span:
    start, end = node.start_mark.line + 1, node.end_mark.line + 1
    # A block ends where the next thing begins: at column 0 of a line that is no longer its own.
    return start, max(start, end - 1 if end > start and not _flow(node) else end)


def _flow(node: yaml.Node) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return node.style not in ("|", ">")
    return bool(node.flow_style)


def _scalar(node: yaml.Node) -> Any:
    value = node.value
    kind = node.tag.rpartition(":")[2]
    if kind == "bool":
        return _TRUE.get(value.lower(), value)
    if kind == "null":
        return None
    if kind == "int":
        return _int(value)
    if kind == "float":
        try:
            return float(value.replace("_", ""))
        except ValueError:
            return value
    return value


def _int(value: str) -> Any:
    try:
        return int(value.replace("_", ""), 10)
    except ValueError:
        return value


def _tagged(tag: str, value: Any, span: Span) -> Any:
    """`!Ref x` as `{"Ref": x}`; `!GetAtt a.b` with its list; a tag that is not CloudFormation's as a function too."""
    name = tag[1:]
    if name == "GetAtt" and isinstance(value, str):
        parts = Seq(span)
        for part in value.split(".", 1):
            parts.put(part, span)
        value = parts
    made = Map(span)
    made.put(name if name in ("Ref", "Condition") else f"Fn::{name}", value, span)
    return made

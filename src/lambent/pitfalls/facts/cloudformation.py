"""CloudFormation and SAM templates, CDK's output among them, as stacks of resources."""

import re
from typing import Any

from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.tree import Map, Ref, Seq, Unknown, text
from lambent.pitfalls.facts.unread import NotRead

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
SAM_FUNCTION = "AWS::Serverless::Function"
_GLOBALS = {
    "Function": SAM_FUNCTION,
    "Api": "AWS::Serverless::Api",
    "HttpApi": "AWS::Serverless::HttpApi",
    "SimpleTable": "AWS::Serverless::SimpleTable",
}


def is_template(document: Any) -> bool:
    """Whether a document is one: it has Resources with types of AWS's or a custom one."""
    resources = document.get("Resources") if isinstance(document, Map) else None
    if not isinstance(resources, Map):
        return False
    types = [one.get("Type") for one in resources.values() if isinstance(one, Map)]
    return any(isinstance(one, str) and one.startswith(("AWS::", "Custom::", "Alexa::")) for one in types)


def read(document: Map, path: str) -> Stack:
    """The stack of a template. Raises NotRead."""
    kind = "sam" if _is_sam(document) else "cloudformation"
    stack = Stack(path, kind)
    parameters = document.get("Parameters")
    stack.parameters = parameters if isinstance(parameters, Map) else Map()
    resolver = Resolver(stack.parameters)
    stack.open = bool(set(_transforms(document)) - {"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"})
    shared = resolver.value(document.get("Globals"))
    stack.shared = shared if isinstance(shared, Map) else Map()
    for id_, body in document["Resources"].items():
        if isinstance(body, Map) and isinstance(body.get("Type"), str):
            resource = _resource(id_, body, document["Resources"].at[id_], path, resolver)
            stack.resources[id_] = _with_globals(resource, shared)
        else:
            stack.open = True
    if any(one.type in ("AWS::CloudFormation::Stack", "AWS::Serverless::Application") for one in stack.of_all()):
        stack.open = True
    return stack


def _transforms(document: Map) -> list[str]:
    value = document.get("Transform")
    listed = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else "other" for one in listed if one is not None]


def _is_sam(document: Map) -> bool:
    return "AWS::Serverless-2016-10-31" in _transforms(document)


def _resource(id_: str, body: Map, span: tuple[int, int], path: str, resolver: "Resolver") -> Resource:
    properties = resolver.value(body.get("Properties"))
    opened = not isinstance(properties, Map) and body.get("Properties") is not None
    if isinstance(properties, Map):
        properties.span = body.at["Properties"]
        opened = any(key.startswith("Fn::") for key in properties)
    else:
        properties = Map(span)
    extra = Map(body.span)
    for key, value in body.items():
        if key not in ("Type", "Properties"):
            extra.put(key, resolver.value(value), body.at[key])
    return Resource(id_, body["Type"], properties, path, span, opened, extra)


def _with_globals(resource: Resource, shared: Any) -> Resource:
    if isinstance(shared, Map):
        for section, type_ in _GLOBALS.items():
            common = shared.get(section)
            if resource.type == type_ and isinstance(common, Map):
                span = resource.properties.span
                resource.properties = resource.properties.over(common)
                resource.properties.span = span
    if resource.type == SAM_FUNCTION:
        _rename(resource.properties)
    return resource


def _rename(properties: Map) -> None:
    """SAM's own names of a function's settings become CloudFormation's."""
    for old, new, inner in (("Tracing", "TracingConfig", "Mode"), ("DeadLetterQueue", "DeadLetterConfig", None)):
        if old in properties:
            value, span = properties[old], properties.at[old]
            if inner is not None:
                wrapped = Map(span)
                wrapped.put(inner, value, span)
                value = wrapped
            properties.put(new, value, span)


class Resolver:
    """Turns intrinsic functions into references, texts and unknowns."""

    def __init__(self, parameters: Map) -> None:
        self.parameters = parameters

    def value(self, value: Any) -> Any:
        """A value with everything in it resolved."""
        if isinstance(value, Map):
            return self._map(value)
        if isinstance(value, Seq):
            made = Seq(value.span)
            for item, span in zip(value, value.at, strict=True):
                resolved = self.value(item)
                if resolved is not None:
                    made.put(resolved, span)
            return made
        return value

    def _map(self, value: Map) -> Any:
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument)
        made = Map(value.span)
        for key, inner in value.items():
            resolved = self.value(inner)
            if not (resolved is None and isinstance(inner, Map)):
                made.put(key, resolved, value.at[key])
        return made

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Ref" and isinstance(argument, str):
            return self._ref(argument)
        if name == "Fn::GetAtt" and isinstance(argument, list) and argument and isinstance(argument[0], str):
            rest = argument[1] if len(argument) > 1 else ""
            return Ref(argument[0], rest if isinstance(rest, str) else "?")
        if name == "Fn::Sub":
            return self._sub(argument)
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
            return self._join(argument[0], argument[1])
        if name == "Fn::If":
            return self._if(argument)
        return Unknown(name)

    def _if(self, argument: Any) -> Any:
        """Unknown; when one side is "no value" and the other a reference, still unknown, but it is set somewhere."""
        return Unknown("Fn::If")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return None
        if name.startswith("AWS::"):
            return Unknown(name)
        return Unknown(f"parameter {name}") if name in self.parameters else Ref(name)

    def _join(self, separator: Any, items: list[Any]) -> Any:
        parts: list[Any] = []
        for index, item in enumerate(items):
            parts.extend([separator if isinstance(separator, str) else Unknown(), self.value(item)][index == 0 :])
        return text([Unknown() if isinstance(part, dict | list) else part for part in parts])

    def _sub(self, argument: Any) -> Any:
        own = Map()
        if isinstance(argument, list) and argument and isinstance(argument[-1], Map):
            argument, own = argument[0], argument[-1]
        if not isinstance(argument, str):
            return Unknown("Fn::Sub")
        parts: list[Any] = []
        last = 0
        for match in _VARIABLE.finditer(argument):
            parts.append(argument[last : match.start()])
            last = match.end()
            parts.append(self._sub_part(match, own))
        return text([*parts, argument[last:]])

    def _sub_part(self, match: re.Match[str], own: Map) -> Any:
        name = match[2].strip()
        if match[1]:
            return "${" + name + "}"
        if name in own:
            return self.value(own[name])
        first, _, attribute = name.partition(".")
        return Ref(first, attribute) if attribute else self._ref(first)


def checked(document: Any) -> Map:
    """The document if it is a template. Raises NotRead."""
    if not is_template(document):
        raise NotRead("it has no Resources of AWS's types")
    assert isinstance(document, Map)
    return document

"""What macros make of a template: AWS::Include, AWS::LanguageExtensions, AWS::Serverless, and users' own, which are
functions.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.deploy import serverless
from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.ports import Ask, Refused
from lambent.deploy.template import foreach, parameters, reading
from lambent.deploy.template.functions import Context, resolve
from lambent.deploy.template.template import Template, parse, transforms_of
from lambent.model.scope import Scope

INCLUDE, LANGUAGE = "AWS::Include", "AWS::LanguageExtensions"
SERVERLESS = "AWS::Serverless-2016-10-31"
INLINE = "Fn::Transform"
Fetch = Callable[[Scope, str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Work:
    """What a transformation has: a template's parameters, whose stack it is, who answers for the macros."""

    ask: Ask
    fetch: Fetch
    scope: Scope
    names: Mapping[str, Any]
    values: Mapping[str, Any]
    macros: Mapping[str, str]
    new_id: Callable[[], str]


def used(document: Mapping[str, Any]) -> list[str]:
    """The names of the transforms in a document."""
    return list(dict.fromkeys([*transforms_of(document), *_inline(dict(document))]))


def _inline(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [str(value[INLINE].get("Name"))] if isinstance(value.get(INLINE), dict) else []
        return own + [name for one in value.values() for name in _inline(one)]
    return [name for one in value for name in _inline(one)] if isinstance(value, list) else []


async def transform(document: Mapping[str, Any], work: Work) -> dict[str, Any]:
    """The document that its transforms make of it. Raises TemplateInvalid."""
    made: dict[str, Any] = await _inner(dict(document), work)
    said = made.pop("Transform", None)
    order = said if isinstance(said, list) else [said] if said else []
    for one in sorted(order, key=lambda one: one != LANGUAGE):
        name = one.get("Name") if isinstance(one, dict) else one
        given = (one.get("Parameters") or {}) if isinstance(one, dict) else {}
        made = await _apply(str(name), given, made, work)
    return made


async def _inner(value: Any, work: Work) -> Any:
    """A value with the macros in it done, innermost first."""
    if isinstance(value, list):
        return [await _inner(one, work) for one in value]
    if not isinstance(value, dict):
        return value
    done = {name: await _inner(one, work) for name, one in value.items() if name != INLINE}
    call = value.get(INLINE)
    if not isinstance(call, dict):
        return done
    made = await _apply(str(call.get("Name")), call.get("Parameters") or {}, done, work)
    return made


async def _apply(name: str, given: Mapping[str, Any], fragment: Any, work: Work) -> Any:
    given = resolve(dict(given), Context({**work.names, **work.values}))
    if name == INCLUDE:
        text = await work.fetch(work.scope, str(given.get("Location", "")))
        said = await asyncio.to_thread(reading.read, text)
        return {**fragment, **said}
    if name == LANGUAGE:
        return _extended(fragment, work)
    if name == SERVERLESS:
        return await asyncio.to_thread(serverless.translate, fragment, work.values, work.scope.region)
    return await _macro(name, given, fragment, work)


def _extended(document: Any, work: Work) -> Any:
    mappings = document.get("Mappings") or {}
    context = Context({**work.names, **work.values}, mappings=mappings)
    made = foreach.expand(document, context)
    return made


async def _macro(name: str, given: Mapping[str, Any], fragment: Any, work: Work) -> Any:
    """Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html"""
    function = work.macros.get(name)
    if function is None:
        raise TemplateInvalid(f"No transform named {work.scope.account}::{name} found.")
    event = {
        "region": work.scope.region,
        "accountId": work.scope.account,
        "transformId": f"{work.scope.account}::{name}",
        "fragment": fragment,
        "params": dict(given),
        "requestId": work.new_id(),
        "templateParameterValues": dict(work.values),
    }
    failed = f"Transform {work.scope.account}::{name} failed"
    try:
        said = await work.ask(
            work.scope, "lambda", "Invoke", {"FunctionName": function, "Payload": json.dumps(event).encode()}
        )
        answer = json.loads(said["Payload"])
    except (Refused, ValueError, KeyError) as error:
        raise TemplateInvalid(f"{failed} with: {error}") from error
    if said.get("FunctionError") or not isinstance(answer, dict):
        raise TemplateInvalid(f"{failed} with: the function failed.")  # our wording
    if str(answer.get("status", "")).lower() != "success":
        raise TemplateInvalid(f"{failed} with: {answer.get('errorMessage', 'FAILED')}.")
    return answer.get("fragment")


def values_for(template: Template, texts: Mapping[str, str], fetched: Mapping[str, str]) -> dict[str, Any]:
    """The parameters as macros see them."""
    return parameters.values(template, texts, fetched)


def parameters_of(document: Mapping[str, Any]) -> Template:
    """A template of a document's parameters alone: the rest may be anything before its transforms."""
    return parse(
        {
            "Parameters": document.get("Parameters") or {},
            "Resources": {"None": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        }
    )

"""Request validators: required parameters, and bodies by their models (JSON schema, draft 4).

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html.

A model may be anybody's, and so is the body: what both make one look at is counted, and ends at a bound.
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import orjson
from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4

from lambent import patterns
from lambent.http_events import validation_texts
from lambent.http_events.rest_context import raw_parameter
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_mapping import media_type
from lambent.http_events.rest_request import RestRequest

Document = Mapping[str, Any]
FEW_STEPS = 5_000
"""Keywords of a model that are looked at while everybody waits: milliseconds."""
STEPS = 300_000
"""At most: seconds, in a thread."""
COSTS = {"$ref": 15, "anyOf": 4, "oneOf": 4, "allOf": 4}
"""Steps of keywords that take the library longer than others: it looks a reference up, and makes checkers for parts."""
PARTS, CHARACTERS = 50, 200
"""So many items of a keyword's value, and so many items or characters of what it is asked of, cost a step more."""
SLOW_STEPS = 500
"""Of one match of a pattern whose time doesn't grow with the text alone (`patterns.SECONDS`)."""


class TakesLong(Exception):
    """It is not done in so many steps."""


_left: ContextVar[list[int]] = ContextVar("steps of validation")


def _spend(steps: int) -> None:
    left = _left.get()
    left[0] -= steps
    if left[0] < 0:
        raise TakesLong


def _extent(value: Any) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0


def _counted(keyword: str, check: Callable[..., Any]) -> Callable[..., Iterator[ValidationError]]:
    """A keyword's check, which costs."""
    cost = COSTS.get(keyword, 1)

    def checked(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        _spend(cost + _extent(said) // PARTS + _extent(instance) // CHARACTERS)
        for error in check(validator, said, instance, schema) or ():
            _spend(len(error.message) // CHARACTERS)
            yield error

    return checked


def _fits(pattern: Any, text: str) -> bool:
    _spend(1 if patterns.is_quick(str(pattern)) else SLOW_STEPS)
    return patterns.search(str(pattern), text)


def _pattern(_validator: Any, pattern: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _fits(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, said: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, schema in said.items():
            for name, value in instance.items():
                if _fits(pattern, name):
                    yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, forms = schema.get("properties", {}), schema.get("patternProperties", {})
    more = [name for name in instance if name not in known and not any(_fits(form, name) for form in forms)]
    for name in more if isinstance(said, dict) else ():
        yield from validator.descend(instance[name], said, path=name)
    if more and not said and not isinstance(said, dict):
        verb = "was" if len(more) == 1 else "were"
        names = ", ".join(map(repr, more))
        yield ValidationError(f"Additional properties are not allowed ({names} {verb} unexpected)")


def _unique_items(_validator: Any, said: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """In time that grows with the body, where the library compares each with each."""
    if said is True and isinstance(instance, list):
        _spend(len(instance))
        texts = [orjson.dumps(_plain(item), option=orjson.OPT_SORT_KEYS) for item in instance]
        if len(set(texts)) < len(texts):
            yield ValidationError(f"{instance!r} has non-unique elements")


def _plain(value: Any) -> Any:
    """The same with 1 for 1.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value


_OWN = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_ALL: dict[str, Callable[..., Any]] = {**Draft4Validator.VALIDATORS, **_OWN}
Checker = extend(Draft4Validator, {keyword: _counted(keyword, check) for keyword, check in _ALL.items()})
"""Draft 4 with the regular expressions of models matched in linear time, and bounds."""
MODELS = "https://apigateway.amazonaws.com/restapis/"
"""How a model refers to another one: `https://apigateway.amazonaws.com/restapis/ID/models/NAME`."""


def validate(
    request: RestRequest, method: Document, validator: Document, models: Mapping[str, Document], steps: int = FEW_STEPS
) -> None:
    """Raises Refusal (400), TakesLong."""
    _left.set([steps])
    if validator.get("validateRequestParameters"):
        _parameters(request, method)
    if validator.get("validateRequestBody"):
        _body(request, method, models)


def _parameters(request: RestRequest, method: Document) -> None:
    missing = [
        name.rpartition(".")[2]
        for name, required in sorted((method.get("requestParameters") or {}).items())
        if required and raw_parameter(request, {}, name) in (None, "", [])
    ]
    if missing:
        text = f"Missing required request parameters: [{', '.join(missing)}]"
        raise Refusal("BAD_REQUEST_PARAMETERS", text, validation=text)


def _body(request: RestRequest, method: Document, models: Mapping[str, Document]) -> None:
    named: Mapping[str, str] = method.get("requestModels") or {}
    name = named.get(media_type(request.header("content-type"))) or named.get("$default")
    model = models.get(name or "")
    if model is not None and model.get("schema"):
        _fitting(request.body, model["schema"], request.api_id, models)


def validate_message(
    body: bytes, schema: str, api_id: str, models: Mapping[str, Document], steps: int = FEW_STEPS
) -> None:
    """The same of a message to a WebSocket API; `models` are by name, a `schema` in each. Raises Refusal, TakesLong."""
    _left.set([steps])
    _fitting(body, schema, api_id, models)


def _fitting(body: bytes, text: str, api_id: str, models: Mapping[str, Document]) -> None:
    """Raises Refusal for a body that a model's schema does not take."""
    try:
        schema = orjson.loads(text)
        document = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise Refusal("BAD_REQUEST_BODY", validation="[the body is no JSON]") from None
    found = _broken(document, schema, api_id, models)
    if found:
        raise Refusal("BAD_REQUEST_BODY", validation=f"[{', '.join(found)}]")


def _broken(document: Any, schema: Any, api_id: str, models: Mapping[str, Document]) -> list[str]:
    """What is wrong, in order of place."""
    checker = Checker(schema, registry=_registry(api_id, models))
    try:
        errors: list[ValidationError] = sorted(checker.iter_errors(document), key=lambda one: str(list(one.path)))
    except (Unresolvable, SchemaError, RecursionError, ValueError, TypeError, AttributeError) as error:
        raise Refusal("API_CONFIGURATION_ERROR", why=f"the model can't be used: {error}") from error
    return validation_texts.said_of(errors)


def _registry(api_id: str, models: Mapping[str, Document]) -> "Registry[Any]":
    """The API's models by the URLs that refer to them; nothing else is looked up anywhere."""
    registry: Registry[Any] = Registry()
    for name, model in models.items():
        try:
            contents = orjson.loads(model.get("schema") or "{}")
        except orjson.JSONDecodeError:
            continue
        resource = Resource.from_contents(contents, default_specification=DRAFT4)
        registry = registry.with_resource(f"{MODELS}{api_id}/models/{name}", resource)
    return registry

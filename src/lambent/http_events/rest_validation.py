"""Request validators: required parameters, and bodies by their models (JSON schema, draft 4).

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4

from lambent import patterns
from lambent.http_events.rest_context import raw_parameter
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_mapping import media_type
from lambent.http_events.rest_request import RestRequest

Document = Mapping[str, Any]


def _pattern(_validator: Any, pattern: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not patterns.search(str(pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, said: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, schema in said.items():
            for name, value in instance.items():
                if patterns.search(pattern, name):
                    yield from validator.descend(value, schema, path=name, schema_path=pattern)


Checker = extend(Draft4Validator, {"pattern": _pattern, "patternProperties": _pattern_properties})
"""Draft 4 with the regular expressions of models matched in linear time."""
MODELS = "https://apigateway.amazonaws.com/restapis/"
"""How a model refers to another one: `https://apigateway.amazonaws.com/restapis/ID/models/NAME`."""


def validate(request: RestRequest, method: Document, validator: Document, models: Mapping[str, Document]) -> None:
    """Raises Refusal (400)."""
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
    if model is None or not model.get("schema"):
        return
    try:
        schema = orjson.loads(model["schema"])
        document = orjson.loads(request.body) if request.body else {}
    except orjson.JSONDecodeError:
        raise Refusal("BAD_REQUEST_BODY", validation="[the body is no JSON]") from None
    found = _broken(document, schema, request.api_id, models)
    if found:
        raise Refusal("BAD_REQUEST_BODY", validation=f"[{', '.join(found)}]")


def _broken(document: Any, schema: Any, api_id: str, models: Mapping[str, Document]) -> list[str]:
    """What is wrong, in order of place."""
    checker = Checker(schema, registry=_registry(api_id, models))
    try:
        errors: list[ValidationError] = sorted(checker.iter_errors(document), key=lambda one: str(list(one.path)))
    except (Unresolvable, SchemaError, RecursionError, ValueError, TypeError, AttributeError) as error:
        raise Refusal("API_CONFIGURATION_ERROR", why=f"the model can't be used: {error}") from error
    return [error.message for error in errors]


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

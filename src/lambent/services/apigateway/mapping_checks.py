"""Which parameters an integration may map from where, and to where.

https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping-sources.html; that a method has
to declare what is mapped: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html and
API_PutIntegrationResponse.html. The texts are those of public reports.
"""

import re
from collections.abc import Iterable, Iterator

from lambent.services.apigateway import faults
from lambent.services.apigateway.env import Document

REQUEST_TARGET = re.compile(r"integration\.request\.(?:path|querystring|header)\.\S+")
RESPONSE_TARGET = re.compile(r"method\.response\.header\.\S+")
_DECLARED = re.compile(r"method\.request\.(?:multivalue)?(path|querystring|header)\.(\S+)")
_COMMON = r"'.*'|stageVariables\.\S+|context\.\S+"
REQUEST_SOURCE = re.compile(rf"{_DECLARED.pattern}|method\.request\.body(?:[.\[].+)?|{_COMMON}", re.DOTALL)
RESPONSE_SOURCE = re.compile(
    rf"integration\.response\.(?:multivalue)?header\.\S+|integration\.response\.body(?:[.\[].+)?|{_COMMON}", re.DOTALL
)


def check_request(method: Document, integration: Document) -> None:
    """An integration's parameters, of a method's. Raises 400."""
    known = {_named(name) for name in method.get("requestParameters") or ()}
    errors: list[str] = []
    for target, source in (integration.get("requestParameters") or {}).items():
        errors += _no_expression((REQUEST_TARGET, target), (REQUEST_SOURCE, str(source)))
        if _DECLARED.fullmatch(str(source)) and _named(str(source)) not in known:
            errors.append(f"Invalid mapping expression parameter specified: {source}")
    _refuse(errors)


def check_response(declared: Document, response: Document) -> None:
    """An integration response's parameters, of the method response of that status. Raises 400."""
    known = {name.lower() for name in declared.get("responseParameters") or ()}
    errors: list[str] = []
    for target, source in (response.get("responseParameters") or {}).items():
        errors += _no_expression((RESPONSE_TARGET, target), (RESPONSE_SOURCE, str(source)))
        if RESPONSE_TARGET.fullmatch(target) and target.lower() not in known:
            errors.append(f"Invalid mapping expression parameter specified: {target}")
    _refuse(errors)


def _named(parameter: str) -> tuple[str, str]:
    """Place and name: `multivaluequerystring` is a parameter of the query, names of headers have no case."""
    found = _DECLARED.fullmatch(parameter)
    if found is None:
        return "", parameter
    return found[1], found[2].lower() if found[1] == "header" else found[2]


def _no_expression(*parts: tuple[re.Pattern[str], str]) -> Iterator[str]:
    for form, said in parts:
        if not form.fullmatch(said):
            yield f"Invalid mapping expression specified: {said}"


def _refuse(errors: Iterable[str]) -> None:
    if said := ", ".join(errors):
        raise faults.bad_request(wrong(said))


def wrong(errors: str) -> str:
    """AWS's text around what is wrong."""
    return f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{errors}]"

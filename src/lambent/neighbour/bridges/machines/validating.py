"""Step Functions: whether a definition is good, which Terraform's provider asks of every machine
(https://github.com/hashicorp/terraform-provider-aws, internal/service/sfn/state_machine.go).

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from collections.abc import Callable
from typing import Any

from lambent.model.constraints import broken
from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.machines.diagnosing import SCHEMA, Problem, problems
from lambent.neighbour.bridges.machines.maps import definition as maps
from lambent.neighbour.bridges.machines.request import Params, refusal

REFUSED = "Invalid State Machine Definition: "
MOST = 100
"""Diagnostics in an answer."""


def validate_state_machine_definition(backend: Any, said: Params) -> dict[str, Any]:
    """Whether it is good, and if not why; the text of a mistake that only moto's interpreter sees is moto's."""
    from moto.stepfunctions.parser.api import InvalidDefinition

    most = said.get("maxResults") or MOST
    if not 0 < most <= MOST:
        constraint = f"Member must have value less than or equal to {MOST}"
        raise refusal("ValidationException", broken(f"Value '{most}'", "maxResults", constraint))
    found = problems(said["definition"])
    if not found:
        try:
            backend._validate_definition(definition=said["definition"])
        except InvalidDefinition as error:
            found = [Problem(SCHEMA, str(error.message).removeprefix(f"{REFUSED}'{SCHEMA}: ").removesuffix("'"))]
    told = [
        {"severity": "ERROR", "code": one.code, "message": one.message}
        | ({"location": one.location} if one.location else {})
        for one in found[:most]
    ]
    return {"result": "FAIL" if found else "OK", "diagnostics": told, "truncated": len(found) > most}


def validation(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's look at a definition, which is its interpreter's."""

    def look(definition: str) -> None:
        from moto.stepfunctions.parser.api import InvalidDefinition

        found = problems(definition)
        try:
            for one in [definition, *maps.children(definition)] if not found else ():
                former(definition=one)
        except InvalidDefinition as error:
            found = [Problem(SCHEMA, str(error.message))]
        if found:
            said = ", ".join(one.text for one in found)
            raise InvalidDefinition(message=f"{REFUSED}'{said}'")

    return staticmethod(look)  # as moto's own: it is asked of the class and of its instances

"""Step Functions: whether a definition is good, which Terraform's provider asks of every machine
(https://github.com/hashicorp/terraform-provider-aws, internal/service/sfn/state_machine.go).

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from typing import Any

from lambent.neighbour.bridges.machines.asked import Said

CODE = "SCHEMA_VALIDATION_FAILED"


def validate_state_machine_definition(backend: Any, said: Said) -> dict[str, Any]:
    """Whether it is good, and if not why; the text of a mistake is moto's."""
    from moto.stepfunctions.parser.api import InvalidDefinition

    try:
        backend._validate_definition(definition=said["definition"])
    except InvalidDefinition as error:
        told = {"severity": "ERROR", "code": CODE, "message": str(error.message)}
        return {"result": "FAIL", "diagnostics": [told], "truncated": False}
    return {"result": "OK", "diagnostics": [], "truncated": False}

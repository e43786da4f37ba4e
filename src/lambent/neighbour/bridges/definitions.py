"""Step Functions: a state machine's definition is looked at before a machine is made of it, which moto can't be asked for.

Terraform's provider asks it of every machine before it plans
(https://github.com/hashicorp/terraform-provider-aws, internal/service/sfn/state_machine.go).
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html.
"""

from types import ModuleType
from typing import Any

CODE = "SCHEMA_VALIDATION_FAILED"


def validated(responses: ModuleType) -> None:
    """`moto.stepfunctions.responses` is given ValidateStateMachineDefinition, unless it has it by now."""
    answers: Any = responses.StepFunctionResponse
    if hasattr(answers, "validate_state_machine_definition"):
        return

    def validate_state_machine_definition(answer: Any) -> Any:
        return responses.ActionResult(judged(answer._get_param("definition")))

    answers.validate_state_machine_definition = validate_state_machine_definition


def judged(definition: str) -> dict[str, Any]:
    """What AWS's answer says of a definition; the text of a mistake is moto's."""
    from moto.stepfunctions.parser.api import InvalidDefinition
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    try:
        StepFunctionsParserBackend._validate_definition(definition=definition)
    except InvalidDefinition as error:
        told = {"severity": "ERROR", "code": CODE, "message": str(error.message)}
        return {"result": "FAIL", "diagnostics": [told], "truncated": False}
    return {"result": "OK", "diagnostics": [], "truncated": False}

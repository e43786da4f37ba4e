"""Step Functions: what moto can't be asked: is a definition good, which versions of a machine are there.

Terraform's provider asks both of every machine
(https://github.com/hashicorp/terraform-provider-aws, internal/service/sfn/state_machine.go).
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html,
API_ListStateMachineVersions.html.
"""

from types import ModuleType
from typing import Any

CODE = "SCHEMA_VALIDATION_FAILED"


def answered(responses: ModuleType) -> None:
    """`moto.stepfunctions.responses` is given the operations, unless it has them by now."""

    def validate_state_machine_definition(answer: Any) -> Any:
        return responses.ActionResult(judged(answer._get_param("definition")))

    def list_state_machine_versions(answer: Any) -> Any:
        machine = answer.stepfunction_backend.describe_state_machine(answer._get_param("stateMachineArn"))
        made = sorted(machine.versions.items(), reverse=True)  # the newest first
        versions = [{"stateMachineVersionArn": one.arn, "creationDate": one.creation_date} for _, one in made]
        return responses.ActionResult({"stateMachineVersions": versions})

    for operation in (validate_state_machine_definition, list_state_machine_versions):
        if not hasattr(responses.StepFunctionResponse, operation.__name__):
            setattr(responses.StepFunctionResponse, operation.__name__, operation)


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

"""The rules of EventBridge by which Step Functions hears that a job has ended (`.sync`): it makes them in the name of
the machine's role, when the machine is made.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync,
https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html and the pages of the
integrations there (connect-stepfunctions.html, connect-batch.html, connect-ecs.html, connect-codebuild.html,
connect-emr.html, connect-sagemaker.html). The refusal as users of AWS report it:
https://github.com/terraform-aws-modules/terraform-aws-step-functions/issues/41.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from lambent.model.scope import Scope
from lambent.permissions.roles import Need

ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
REFUSAL = "'{role}' is not authorized to create managed-rule."
_RESOURCE = re.compile(r"arn:aws[a-z-]*:states:::([a-z-]+:[A-Za-z]+)\.sync(?::2)?")
_RULES = {
    "states:startExecution": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "batch:submitJob": "StepFunctionsGetEventsForBatchJobsRule",
    "ecs:runTask": "StepFunctionsGetEventsForECSTaskRule",
    "codebuild:startBuild": "StepFunctionsGetEventForCodeBuildStartBuildRule",
    "codebuild:startBuildBatch": "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
    "elasticmapreduce:createCluster": "StepFunctionsGetEventForEMRRunJobFlowRule",
    "elasticmapreduce:terminateCluster": "StepFunctionsGetEventForEMRTerminateJobFlowsRule",
    "elasticmapreduce:addStep": "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    "sagemaker:createTrainingJob": "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    "sagemaker:createTransformJob": "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    "sagemaker:createHyperParameterTuningJob": "StepFunctionsGetEventsForSageMakerTuningJobsRule",
    "sagemaker:createProcessingJob": "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
}


def needs(definition: Any, role: str, scope: Scope) -> Iterator[Need]:
    """What the role (ARN) of a machine with this definition (JSON) must be able to do; nothing for what is no JSON."""
    for rule in sorted({_RULES[one] for one in _synchronous(definition) if one in _RULES}):
        arn = f"arn:aws:events:{scope.region}:{scope.account}:rule/{rule}"
        for action in ACTIONS:
            yield Need(action, arn, "managed-rule-not-made", REFUSAL.format(role=role))


def _synchronous(definition: Any) -> Iterator[str]:
    """The integrations (`states:startExecution`) that are waited for, however deep they stand."""
    try:
        left = [orjson.loads(definition)] if isinstance(definition, str) else []
    except ValueError:
        return
    while left:
        one = left.pop()
        if isinstance(one, dict):
            found = _RESOURCE.fullmatch(str(one.get("Resource")))
            if found is not None:
                yield found[1]
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()

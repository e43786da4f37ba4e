"""What is another account's and has no policy."""

from typing import Any

import pytest

from lambent.permissions import foreign
from lambent.wire import service
from lambent.wire.fault import Fault

MINE, THEIRS = "111111111111", "222222222222"
MACHINE = "arn:aws:states:us-east-1:{}:stateMachine:m"
GROUP = "arn:aws:logs:us-east-1:{}:log-group:g:*"


def ask(name: str, operation: str, /, **params: Any) -> None:
    foreign.check(service.load(name), operation, params, MINE, f"arn:aws:iam::{MINE}:root")


@pytest.mark.parametrize("operation", ["DeleteStateMachine", "DescribeStateMachine", "StartExecution"])
def test_a_machine_of_another_account_is_nobodys_to_ask_for(operation: str) -> None:
    ask("stepfunctions", operation, stateMachineArn=MACHINE.format(MINE))
    with pytest.raises(Fault) as caught:
        ask("stepfunctions", operation, stateMachineArn=MACHINE.format(THEIRS))
    assert (caught.value.code, caught.value.status) == ("AccessDeniedException", 400)
    assert (caught.value.message or "").startswith(
        f"User: arn:aws:iam::{MINE}:root is not authorized to perform: states:{operation} on resource: arn:aws:states:"
    )


def test_executions_are_logged_in_their_own_account() -> None:
    def logging(account: str) -> dict[str, Any]:
        return {"destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": GROUP.format(account)}}]}

    ask("stepfunctions", "CreateStateMachine", name="m", loggingConfiguration=logging(MINE))
    for said in (None, {}, {"destinations": None}, {"destinations": [None, {"cloudWatchLogsLogGroup": None}]}):
        ask("stepfunctions", "CreateStateMachine", name="m", loggingConfiguration=said)
    with pytest.raises(Fault, match="not authorized to access the Log Destination"):
        ask("stepfunctions", "UpdateStateMachine", loggingConfiguration=logging(THEIRS))


def test_others_have_policies() -> None:
    ask("secretsmanager", "GetSecretValue", SecretId=f"arn:aws:secretsmanager:us-east-1:{THEIRS}:secret:s")
    ask("stepfunctions", "StartExecution", input="arn", name=f"arn:aws:lambda:us-east-1:{THEIRS}:function:f")

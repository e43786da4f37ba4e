"""What an access key of an execution role tells."""

from lambent.environments.role_credentials import Credentialed
from lambent.model import lineage
from lambent.model.credentials import Held
from lambent.model.scope import Scope

ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"


def test_a_request_without_a_header_belongs_to_what_runs_in_its_environment() -> None:
    credentialed = Credentialed()
    running: list[str | None] = [None]
    issued = credentialed.issue(Scope("111111111111"), lambda: running[0])
    assert credentialed.trace_of(issued.access_key) is None
    running[0] = lineage.first("Root=1", ARN)
    trace = credentialed.trace_of(issued.access_key)
    assert trace is not None
    assert "Lineage=" not in trace  # or AWS's own count would go on where AWS knows nothing
    assert (lineage.way_of(trace), lineage.advance(trace, ARN).in_all) == ("plain", 1)
    assert credentialed.trace_of("AKIA") is None
    credentialed.revoke(issued)
    assert credentialed.trace_of(issued.access_key) is None


def test_a_key_means_the_same_when_its_environment_is_gone() -> None:
    credentialed = Credentialed(clock=lambda: 5.0)
    issued = credentialed.issue(Scope("111111111111"), role="r")
    credentialed.revoke(issued)
    kept = credentialed.held(issued.access_key)
    assert kept == Held(issued.secret_key, "111111111111", "r", token=issued.session_token, issued=5.0)
    assert credentialed.account_of(issued.access_key) == "111111111111"
    assert credentialed.by_token(issued.session_token) is None


def test_keys_that_are_not_in_use_are_forgotten_when_they_are_many() -> None:
    credentialed = Credentialed(most=10)
    living = credentialed.issue(Scope("111111111111"))
    for number in range(50):
        credentialed.learn(f"ASIA{number}", Held("s", "222222222222"))
    assert credentialed.held(living.access_key) is not None
    assert credentialed.held("ASIA49") is not None
    assert sum(credentialed.held(f"ASIA{number}") is not None for number in range(50)) == 10

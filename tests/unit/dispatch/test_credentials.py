"""What an access key of an execution role tells."""

from lambent.dispatch.credentials import Credentialed
from lambent.model import lineage
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

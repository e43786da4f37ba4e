"""What sessions of users are refused, whatever policies say: they were given for none of it.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html ("Permissions") and
API_GetFederationToken.html ("Permissions"). MFA is refused here, so that no session was given for a code.
"""

from lambent.model.credentials import Held
from lambent.wire.fault import Fault
from lambent.wire.service import Service

INVALID = "The security token included in the request is invalid."
OF_SESSIONS = frozenset(("AssumeRole", "GetCallerIdentity"))
OF_FEDERATED = frozenset(("GetCallerIdentity",))


def check(service: Service, operation: str, held: Held | None) -> None:
    """Raises Fault for what a session of GetSessionToken or GetFederationToken asks of IAM, or of STS."""
    if held is None or held.role or not held.token:
        return
    if service.name == "iam":
        raise Fault("InvalidClientTokenId", INVALID, status=403)
    allowed = OF_FEDERATED if ":federated-user/" in held.user else OF_SESSIONS
    if service.name == "sts" and operation not in allowed:
        raise Fault("AccessDenied", f"Cannot call {operation} with session credentials", status=403)

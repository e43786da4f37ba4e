"""AccessDenied as each service words it.

Sources: the pages "Common errors" of the services' API references; SNS:
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors, EC2:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
"""

from lambent.wire.fault import Fault
from lambent.wire.service import Service

_OWN = {"sns": "AuthorizationError", "ec2": "UnauthorizedOperation"}
_TEXTS = {"ec2": "You are not authorized to perform this operation. "}


def refusal(service: Service | None, text: str) -> Fault:
    """The service's error with AWS's text."""
    if service is None:
        return Fault("AccessDeniedException", text, status=403)
    old = service.protocol in ("query", "rest-xml", "ec2") or "awsQueryCompatible" in service.metadata
    code = _OWN.get(service.name, "AccessDenied" if old else "AccessDeniedException")
    status = 400 if service.protocol in ("json", "cbor") and not old else 403
    return Fault(code, f"{_TEXTS.get(service.name, '')}{text}", status=status)

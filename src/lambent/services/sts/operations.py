"""The operations answered here, and why some are refused."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.sts.assume_role import assume_role
from lambent.services.sts.assume_role_with_web_identity import assume_role_with_web_identity
from lambent.services.sts.env import StsEnv
from lambent.services.sts.get_caller_identity import get_caller_identity
from lambent.services.sts.own_keys import get_access_key_info, get_federation_token, get_session_token

Operation = Callable[[StsEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "AssumeRole": assume_role,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "GetAccessKeyInfo": get_access_key_info,
    "GetCallerIdentity": get_caller_identity,
    "GetFederationToken": get_federation_token,
    "GetSessionToken": get_session_token,
}
REFUSED = {
    "DecodeAuthorizationMessage": "errors here say in plain text what AWS encodes, and `lambent why` says more",
    "AssumeRoleWithSAML": "nobody checks an assertion's signature",
}

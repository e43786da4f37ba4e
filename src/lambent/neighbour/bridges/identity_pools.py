"""Identity pools of Cognito: their roles are kept, which moto has no operations for.

Sources: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_SetIdentityPoolRoles.html
https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetIdentityPoolRoles.html
"""

import json
from types import ModuleType
from typing import Any

MEMBERS = {"Roles": "roles", "RoleMappings": "role_mappings"}
"""Of the requests -> a pool's attribute."""
KINDS = ("authenticated", "unauthenticated")
NO_SUCH_KIND = (
    "1 validation error detected: Value '{}' at 'roles' failed to satisfy constraint: Map keys must satisfy "
    "constraint: [Member must have length less than or equal to 128, Member must have length greater than or "
    "equal to 1, Member must satisfy regular expression pattern: (un)?authenticated]"
)


def with_names(models: ModuleType) -> None:
    """`moto.cognitoidentity.models` is made to change a pool's name, of which it keeps the first."""
    backend: Any = models.CognitoIdentityBackend
    update = backend.update_identity_pool

    def updated(self: Any, identity_pool_id: str, identity_pool_name: str, *arguments: Any, **more: Any) -> str:
        self.identity_pools[identity_pool_id].identity_pool_name = identity_pool_name
        return str(update(self, identity_pool_id, identity_pool_name, *arguments, **more))

    backend.update_identity_pool = updated


def with_roles(responses: ModuleType) -> None:
    """`moto.cognitoidentity.responses` is given the operations, unless it has them by now."""
    answers: Any = responses.CognitoIdentityResponse
    if not hasattr(answers, "set_identity_pool_roles"):
        answers.set_identity_pool_roles = _set
        answers.get_identity_pool_roles = _get


def _set(answer: Any) -> str:
    from moto.core.exceptions import JsonRESTError

    said = json.loads(answer.body or "{}")
    roles = said.get("Roles") or {}
    if not roles.keys() <= set(KINDS):
        raise JsonRESTError("ValidationException", NO_SUCH_KIND.format(roles))
    pool = _pool(answer, said)
    for member, attribute in MEMBERS.items():
        setattr(pool, attribute, said.get(member) or {})
    return ""


def _get(answer: Any) -> str:
    pool = _pool(answer, json.loads(answer.body or "{}"))
    kept = {member: getattr(pool, attribute, {}) for member, attribute in MEMBERS.items()}
    return json.dumps({"IdentityPoolId": pool.identity_pool_id} | {name: one for name, one in kept.items() if one})


def _pool(answer: Any, said: dict[str, Any]) -> Any:
    from moto.cognitoidentity.exceptions import ResourceNotFoundError

    name = str(said.get("IdentityPoolId", ""))
    pool = answer.backend.identity_pools.get(name)
    if pool is None:
        raise ResourceNotFoundError(f"IdentityPool '{name}' not found.")
    return pool
